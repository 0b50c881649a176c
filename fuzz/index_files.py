"""Fuzzes the reader of the index of weights in several files."""

from __future__ import annotations

import random
from pathlib import Path

from children import Target, main

# isort: split
from mutations import json_bytes

from torso.weights.weights import open_weights
from weights.builders import FILE

INDEX = {"metadata": {"total_size": 16}, "weight_map": {"w": "a.safetensors", "v": "b.safetensors"}}


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    (folder / "a.safetensors").write_bytes(FILE)
    (folder / "b.safetensors").write_bytes(FILE.replace(b'"w"', b'"v"'))
    (folder / "model.safetensors.index.json").write_bytes(json_bytes(some, INDEX))
    return folder


if __name__ == "__main__":
    main(Target("index_files", build, open_weights))
