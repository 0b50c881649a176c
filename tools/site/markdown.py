"""Markdown by hand: tables and code that survive any text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Escape a text for one cell of a table."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    return escaped.replace("*", "\\*").replace("_", "\\_").replace("[", "\\[").replace("{", "&#123;")


def code(text: str) -> str:
    """Write a text as code within a line or a cell."""
    bars = text.replace("|", "\\|")
    return f"`` {bars} ``" if "`" in bars else f"`{bars}`"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; cells are Markdown already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fenced(text: str, kind: str = "text") -> str:
    """Write a block of code."""
    return f"```{kind}\n{text.rstrip()}\n```\n"
