"""Fuzzes the reader of GGUF files, and what is made of one: config, tokenizer, weights under the Hub's names."""

from __future__ import annotations

import random
from pathlib import Path

from children import Target, main

# isort: split
from mutations import mangled, odd

from torso.loading.load import load_tokenizer, read_config
from torso.weights.weights import open_weights
from weights.gguf_builder import gguf
from weights.test_gguf import llama

METADATA, TENSORS = llama()
MIXED = {"llama.expert_count": 2, "llama.expert_used_count": 1}
WITH_EXPERTS = {
    name: tensor
    for name, tensor in TENSORS.items()
    if not any(part in name for part in ("ffn_gate", "ffn_up", "ffn_down"))
}
for layer in range(2):
    WITH_EXPERTS[f"blk.{layer}.ffn_gate_inp.weight"] = ("F32", (2, 64), bytes(2 * 64 * 4))
    for each, (outputs, inputs) in {"gate": (96, 64), "up": (96, 64), "down": (64, 96)}.items():
        data = bytes(2 * outputs * inputs // 32 * 34)
        WITH_EXPERTS[f"blk.{layer}.ffn_{each}_exps.weight"] = ("Q8_0", (2, outputs, inputs), data)


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    metadata = dict(METADATA)
    for _ in range(some.choice((0, 0, 1, 3))):
        value = odd(some, 0)
        if isinstance(value, (str, float)) or (isinstance(value, int) and abs(value) < 1 << 63):
            metadata[some.choice(list(metadata))] = (
                value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
            )
    try:
        data = gguf({**metadata, **MIXED}, WITH_EXPERTS) if some.random() < 0.4 else gguf(metadata, TENSORS)
    except OverflowError:  # a float that a GGUF file cannot hold
        data = gguf(METADATA, TENSORS)
    (folder / "model.gguf").write_bytes(mangled(some, data) if some.random() < 0.8 else data)
    return folder


def call(folder: Path) -> None:
    """Reads it as a model."""
    path = folder / "model.gguf"
    weights = open_weights(path)
    for name in list(weights.entries)[:5]:
        weights.read(name)
    read_config(path)
    load_tokenizer(path)


if __name__ == "__main__":
    main(Target("gguf_files", build, call))
