"""Fuzzes the reader of files of torch.save: zip archives, pickles, and the form of before 1.6."""

from __future__ import annotations

import random
from pathlib import Path

from children import Target, main

# isort: split
from mutations import mangled, pickle_bytes, torch_archive

from torso.weights.weights import open_weights
from weights.builders import torch_bytes
from weights.test_torchbin import state_dict

STATE = {name: value for name, value in state_dict().items() if name != "large"}
SAVED = [
    torch_bytes(value, zipped=True, protocol=protocol)
    for value in (STATE, {"model": STATE, "epoch": 3, "steps": {1: [2.5, None], 2: (True,)}})
    for protocol in (2, 4)
]
OLD = [torch_bytes(STATE, zipped=False, protocol=protocol) for protocol in (2, 5)]


def build_archive(some: random.Random, folder: Path) -> Path:
    """Writes a mutated zip archive."""
    (folder / "pytorch_model.bin").write_bytes(torch_archive(some, some.choice(SAVED)))
    return folder


def build_old(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file of the older form."""
    data = some.choice(OLD)
    # Three short pickles stand before the fourth, and one and the numbers behind it; each is changed by itself.
    ends = [at + 1 for at in range(len(data) - 1) if data[at : at + 2] == b".\x80"]
    cut = some.choice([0, *ends])
    try:
        changed = data[:cut] + pickle_bytes(some, data[cut:])
    except Exception:  # what stands behind the cut is no pickle
        changed = mangled(some, data)
    (folder / "pytorch_model.bin").write_bytes(changed)
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    weights = open_weights(folder)
    for name in list(weights.entries)[:20]:
        weights.read(name, allow_nonfinite=True)


if __name__ == "__main__":
    main(Target("torch_files", build_archive, call), Target("torch_files_old", build_old, call))
