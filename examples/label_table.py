"""Add a label and its score to each row of a CSV: python label_table.py IN.csv OUT.csv [COLUMN]."""

import csv
import sys
from collections.abc import Iterator

import torso

source, target = sys.argv[1:3]
column = sys.argv[3] if len(sys.argv) > 3 else "text"


def rows() -> Iterator[dict[str, str]]:
    """Yield the rows of the table."""
    with open(source, encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


with open(target, "w", encoding="utf-8", newline="") as file:
    writer = None
    # An iterator goes in and comes out, so that a table of any length takes the same memory.
    for row, found in zip(rows(), torso.classify(row[column] for row in rows()), strict=True):
        writer = writer or csv.DictWriter(file, [*row, "label", "score"])
        if file.tell() == 0:
            writer.writeheader()
        writer.writerow({**row, "label": found.label, "score": f"{found.score:.4f}"})
