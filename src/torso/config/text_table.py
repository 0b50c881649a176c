"""Plain text tables aligned for wide characters."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Return the terminal columns of a text; East Asian wide characters take two."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )


def padded(text: str, columns: int) -> str:
    """Pad a text with spaces to a width."""
    return text + " " * (columns - width(text))


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int | None = None) -> str:
    """Format rows under headings, each column as wide as its widest cell; the last is wrapped to the terminal."""
    columns = columns or shutil.get_terminal_size((120, 24)).columns
    widths = [max(width(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    widths[-1] = min(widths[-1], max(columns - left, 24))
    lines: list[str] = []
    for row in [headings, ["-" * each for each in widths], *rows]:
        wrapped = _wrapped(row[-1], widths[-1])
        front = "  ".join(padded(cell, size) for cell, size in zip(row[:-1], widths, strict=False))
        lines.append(f"{front}  {wrapped[0]}".rstrip())
        lines.extend(" " * (left) + more for more in wrapped[1:])
    return "\n".join(lines)


def _wrapped(text: str, columns: int) -> list[str]:
    lines = [""]
    for word in re.findall(r"[^\u2e80-\uffef ]+|.", text):
        if lines[-1] and width(lines[-1]) + width(word) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        if word != " " or lines[-1]:
            lines[-1] += word
    return lines
