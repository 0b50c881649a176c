"""Fuzzes the readers of people's tables: JSON lines, CSV and tab-separated values."""

from __future__ import annotations

import json
import random
from pathlib import Path

from children import Target, main
from mutations import lines_bytes, odd

from torso.cli.text_inputs import texts_of

ROWS = "\n".join(json.dumps({"text": text, "label": 1}) for text in ("好", "a b", "", '"')).encode()


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    kind = some.choice(("jsonl", "csv", "tsv", "txt"))
    mark = {"tsv": b"\t"}.get(kind, b",")
    data = (
        ROWS if kind in ("jsonl", "txt") else mark.join((b"text", b"label")) + b'\na,1\n"b\n c",2\n'.replace(b",", mark)
    )
    if some.random() < 0.1:
        data = json.dumps({"text": odd(some)}).encode() + b"\n" + b'{"text":' + b"[" * 100_000
    path = folder / f"table.{kind}"
    path.write_bytes(lines_bytes(some, data))
    return path


def call(path: Path) -> None:
    """Reads it."""
    list(texts_of([], str(path), () if path.suffix == ".txt" else ("text",)))


if __name__ == "__main__":
    main(Target("table_files", build, call))
