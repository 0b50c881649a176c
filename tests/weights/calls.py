"""What the child process calls on a folder. Imports no torch, since most of it must work without."""

from __future__ import annotations

import os
from pathlib import Path

from torso.io.files import read_json
from torso.weights.weights import open_weights


def read_all(folder: Path) -> None:
    weights = open_weights(folder)
    for name in weights.entries:
        weights.read(name)


def read_as_float(folder: Path) -> None:
    _read_as(folder, "F32")


def read_as_half(folder: Path) -> None:
    _read_as(folder, "F16")


def _read_as(folder: Path, dtype: str) -> None:
    weights = open_weights(folder)
    for name in weights.entries:
        weights.read(name, dtype)


def truncate_then_read(folder: Path) -> None:
    weights = open_weights(folder)
    os.truncate(weights.files[0], weights.files[0].stat().st_size - 3)
    for name in weights.entries:
        weights.read(name)


def read_tokenizer(folder: Path) -> None:
    read_json(folder / "tokenizer.json", limit=100_000_000, code="E_TOKENIZER")
