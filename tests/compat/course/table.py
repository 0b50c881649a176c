"""What became of each cell, and the table of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.compat.course.worth import apart

EXPLAINED = {
    "01-Getting Started/03-tokenizer/tokenizer.ipynb 37": "its tokenizer's own code, which torso never runs",
    "02-NLP Tasks/14-language_model/causal_lm.ipynb 13": "the reference divides by tokens before the shift: 383 of 384",
    "02-NLP Tasks/14-language_model/masked_lm.ipynb 12": "masks are drawn, from another state",
    "02-NLP Tasks/14-language_model/masked_lm.ipynb 14": "after training on other masks",
    "02-NLP Tasks/14-language_model/masked_lm.ipynb 15": "after training on other masks",
    "03-PEFT/21-lora/chatbot_lora.ipynb 9": "the same names in another order",
    "03-PEFT/21-lora/chatbot_lora.ipynb 13": "the same names in another order",
    "03-PEFT/22-ia3/chatbot_ia3.ipynb 11": "a set, in another order",
}
"""Cells whose values differ as they should, with the reason."""
SAME = 1e-4
"""Scores and losses are held to this; what a library prints, to the digits it prints."""


@dataclass(frozen=True)
class Note:
    """What became of a cell; ``told`` in the document, too."""

    text: str
    told: bool


@dataclass
class Row:
    """One notebook."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    largest: float = 0.0
    notes: list[Note] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)

    def line(self) -> str:
        """The row as Markdown."""
        kinds = ("equal", "ran", "refused", "broken", "differs", "explained", "left out")
        cells = " | ".join(str(self.counts[kind] or "") for kind in kinds)
        largest = f"{self.largest:.0e}" if self.largest else "0"
        return f"| {self.name.removesuffix('.ipynb')} | {sum(self.counts.values())} | {cells} | {largest} |"


def row_of(name: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], names: dict[str, set[str]]) -> Row:
    """The outcome of a notebook's cells, in both libraries."""
    row = Row(name, names=names)
    for mine, other in zip(ours, theirs, strict=True):
        kind, note = _outcome(row, mine, other)
        if kind == "differs" and (reason := EXPLAINED.get(f"{name} {mine['cell']}")):
            kind, note = "explained", f"{note}: {reason}"
        row.counts[kind] += 1
        if note:
            told = kind in ("refused", "broken", "differs", "explained")
            row.notes.append(Note(f"cell {mine['cell']}: {' '.join(note.split())}", told))
    return row


def _outcome(row: Row, mine: dict[str, Any], other: dict[str, Any]) -> tuple[str, str]:
    if "left_out" in mine:
        return "left out", mine["left_out"]
    wrong, there = mine.get("error"), other.get("error")
    if wrong and there:
        return "left out", f"stops in both: {wrong['kind']}"
    if wrong:
        refused = str(wrong["code"]).startswith("E_")
        return ("refused" if refused else "broken"), f"{wrong['kind']} {wrong['text'][:200]}"
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


ABOUT = """# The course, notebook by notebook

Every code cell of zyds/transformers-code, run with transformers 4.57 and with torso, and what it is worth compared: the
value of its last line or name, what it prints, and after training every loss and metric. Written by
`python -m tests.compat.course CHECKOUT --reference PYTHON --out docs/course.md`, where `PYTHON` has transformers 4.

Between the two the import line differs; the reference is also told names that it has changed since (`eval_strategy`),
and that its pipelines have no length and no beams of their own. What this needs of both: tiny checkpoints of the same
families with dropout off, small tables in place of the data sets, no GPU, greedy decoding, and steps that take a whole
table, so that neither masks of dropout nor the order of rows decide. Contexts of question answering fill their windows,
since the reference spreads its scores over padding and torso over tokens alone.

- equal: the numbers differ by less than 1e-4, relative above one; the last column has the largest difference
- ran: nothing to compare, or the reference stops
- refused: a TorsoError that says why
- broken: another error; differs: another value. explained: another value, with the reason below
- left out: shell commands, pictures, other sites, and what stops in both
"""


def written(rows: list[Row]) -> str:
    """The whole table, and under it why cells were refused, broken, or differ."""
    lines = [ABOUT, "| notebook | cells | equal | ran | refused | broken | differs | explained | left out | largest |"]
    lines.append("|" + "---|" * 10)
    lines += [row.line() for row in rows]
    lines.append("")
    for row in rows:
        told = [note for note in row.notes if note.told]
        lines += [f"- {row.name.removesuffix('.ipynb')}, {each.text}" for each in told]
    return "\n".join(lines).rstrip() + "\n"
