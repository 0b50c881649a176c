"""Fuzzes the reader of safetensors files."""

from __future__ import annotations

import random
from pathlib import Path

from children import Target, main
from mutations import safetensors_bytes

from torso.weights.weights import open_weights

HEADER = {
    "__metadata__": {"format": "pt", "note": "a"},
    "bert.embeddings.word_embeddings.weight": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]},
    "b": {"dtype": "BF16", "shape": [2, 0, 1], "data_offsets": [48, 48]},
    "c": {"dtype": "I64", "shape": [], "data_offsets": [48, 56]},
    "module.d": {"dtype": "F16", "shape": [4], "data_offsets": [56, 64]},
}


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    (folder / "model.safetensors").write_bytes(safetensors_bytes(some, HEADER, bytes(range(64))))
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    weights = open_weights(folder)
    for name in list(weights.entries)[:20]:
        weights.read(name, allow_nonfinite=True)


if __name__ == "__main__":
    main(Target("safetensors_files", build, call))
