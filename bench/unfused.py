"""What projections of their own cost: ``python bench/unfused.py``; models of the Auto classes beside the fused ones.

Each is timed in turns with the fused model of the same weights; told are medians, and the ratio. About two minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from ceiling import machine
from techniques import compare

import torso
from torso.compat.padded_model import class_of

SHAPES = {
    "BERT, 6 blocks of 384": (
        torso.AutoModel,
        torso.BertConfig,
        dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
    ),
    "Llama, 8 blocks of 512": (
        torso.AutoModelForCausalLM,
        torso.LlamaConfig,
        dict(
            hidden_size=512,
            num_hidden_layers=8,
            num_attention_heads=8,
            num_key_value_heads=4,
            intermediate_size=1408,
        ),
    ),
}
BATCHES = ((1, 16), (8, 128))


def pairs() -> Iterator[tuple[str, Any, Any]]:
    """Yield each shape with its fused model and the one of an Auto class."""
    for name, (auto, kind, values) in SHAPES.items():
        config = kind(**values, vocab_size=8000)
        with tempfile.TemporaryDirectory() as folder:
            auto.from_config(config, seed=0).save_pretrained(folder)
            apart = auto.from_pretrained(folder)
            whole = torso.load(Path(folder), apart.packed.task)
        yield name, class_of(whole.architecture, whole.task)(whole), apart


def step(model: Any, ids: torch.Tensor) -> Callable[[], object]:
    """A forward and a backward pass."""

    def run() -> None:
        model.zero_grad()
        model(ids)[0].square().mean().backward()

    return run


def forward(model: Any, ids: torch.Tensor) -> Callable[[], object]:
    """A forward pass without gradients."""

    def run() -> None:
        with torch.no_grad():
            model(ids)

    return run


def main() -> None:
    """Compare every shape at every size."""
    print(machine())
    for name, whole, apart in pairs():
        for texts, length in BATCHES:
            ids = torch.randint(5, 8000, (texts, length))
            for what, work in (("forward", forward), ("step", step)):
                works = {"fused": work(whole, ids), "unfused": work(apart, ids)}
                compare(f"{name}, {texts} x {length}, {what}", works, rounds=12)


if __name__ == "__main__":
    main()
