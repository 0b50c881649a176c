"""What became of each cell, and the table of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.compat.course.worth import apart

SAME = 1e-4
"""Scores and losses are held to this; what a library prints, to the digits it prints."""


@dataclass
class Row:
    """One notebook."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    largest: float = 0.0
    notes: list[str] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)

    def line(self) -> str:
        """The row as Markdown."""
        kinds = ("equal", "ran", "refused", "broken", "differs", "left out")
        cells = " | ".join(str(self.counts[kind] or "") for kind in kinds)
        largest = f"{self.largest:.0e}" if self.largest else "0"
        return f"| {self.name.removesuffix('.ipynb')} | {sum(self.counts.values())} | {cells} | {largest} |"


def row_of(name: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], names: dict[str, set[str]]) -> Row:
    """The outcome of a notebook's cells, in both libraries."""
    row = Row(name, names=names)
    for mine, other in zip(ours, theirs, strict=True):
        kind, note = _outcome(row, mine, other)
        row.counts[kind] += 1
        if note:
            row.notes.append(f"cell {mine['cell']}: {note}")
    return row


def _outcome(row: Row, mine: dict[str, Any], other: dict[str, Any]) -> tuple[str, str]:
    if "left_out" in mine:
        return "left out", mine["left_out"]
    wrong, there = mine.get("error"), other.get("error")
    if wrong and there and "E_" not in str(wrong["code"]):
        return "left out", f"stops in both: {wrong['kind']}"
    if wrong:
        refused = str(wrong["code"]).startswith("E_")
        beside = f"; the reference {there['kind']}" if there else ""
        return ("refused" if refused else "broken"), f"{wrong['kind']} {wrong['text'][:200]}{beside}"
    if there:
        return "ran", f"the reference stops: {there['kind']} {there['text'][:120]}"
    if other.get("worth") is not None:
        far, where = apart(mine.get("worth"), other["worth"])
    elif other.get("said"):
        far, where = apart(mine.get("said"), other["said"], "print")
    else:
        return "ran", ""
    if far <= SAME:
        row.largest = max(row.largest, far)
        return "equal", ""
    return "differs", f"by {far:.2g} at {where}" if math.isfinite(far) else f"at {where}"


def written(rows: list[Row]) -> str:
    """The whole table, with what each notebook imports and calls by keyword."""
    lines = ["| notebook | cells | equal | ran | refused | broken | differs | left out | largest difference |"]
    lines.append("|" + "---|" * 9)
    lines += [row.line() for row in rows]
    return "\n".join(lines) + "\n"
