"""Fuzzes what is made of quantised matrices: GPTQ, AWQ, compressed-tensors, bitsandbytes, FP8, MXFP4."""

from __future__ import annotations

import json
import random
from pathlib import Path

from children import Target, main

# isort: split
from mutations import odd, safetensors_bytes
from safetensors.torch import save

from torso.weights.weights import open_weights
from weights.test_quantised import AWQ, EIGHTHS, EXPERTS, FOUR, GPTQ, NESTED, PACKED, PROJECTION, SCB

FORMS = (AWQ, EIGHTHS, EXPERTS, FOUR, GPTQ, NESTED, PACKED, SCB)
KEYS = ("bits", "version", "checkpoint_format", "weight_block_size", "config_groups")


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file, and a config."""
    parts = some.choice(FORMS)
    dot = "" if parts is EXPERTS else "."
    data = save({f"{PROJECTION}{dot}{part}": each for part, each in parts.items()})
    size = int.from_bytes(data[:8], "little")
    header, numbers = json.loads(data[8 : 8 + size]), bytearray(data[8 + size :])
    for _ in range(some.choice((0, 0, 1, 4))):
        numbers[some.randrange(len(numbers))] = some.randrange(256)
    (folder / "model.safetensors").write_bytes(safetensors_bytes(some, header, bytes(numbers)))
    said = {"bits": 4, **{some.choice(KEYS): odd(some, 2) for _ in range(some.choice((0, 1)))}}
    (folder / "config.json").write_text(json.dumps({"quantization_config": said}), encoding="utf-8")
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    weights = open_weights(folder)
    for name in list(weights.entries)[:20]:
        weights.read(name, allow_nonfinite=True)


if __name__ == "__main__":
    main(Target("quantised_files", build, call))
