"""What references in plain PyTorch share, of families that no library has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import layer_norm, linear


@dataclass(frozen=True)
class PlainReference:
    """A config, and tensors under their names in files, without a prefix."""

    values: dict[str, Any]
    tensors: dict[str, Tensor]

    def saved(self, folder: Path, prefix: str = "", **more: Tensor) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.values, indent=2))
        whole = {f"{prefix}{key}": value.detach() for key, value in self.tensors.items()}
        save_file(whole | more, folder / "model.safetensors", {"format": "pt"})
        return folder

    def linear(self, x: Tensor, name: str) -> Tensor:
        return linear(x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])

    def norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return layer_norm(x, weight.shape, weight, bias, self.values["layer_norm_eps"])

    def by_heads(self, x: Tensor, at: str) -> Iterable[Tensor]:
        """Queries, keys and values of one text, each [H, S, d]."""
        heads = self.values["num_attention_heads"]
        return (
            self.linear(x, f"{at}.self.{name}").view(len(x), heads, -1).transpose(0, 1)
            for name in ("query", "key", "value")
        )


def random_tensors(
    shapes: Mapping[str, tuple[int, ...]],
    norms: Iterable[str],
    width: int,
    seed: int,
    projections: Mapping[str, tuple[int, ...]] = {},
) -> dict[str, Tensor]:
    """Random tensors of shapes, of projections with biases, and of norms of a width, whose weights are about 1."""
    every = dict(shapes)
    for name, shape in projections.items():
        every |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        every |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    dice = torch.Generator().manual_seed(seed)
    tensors = {key: 0.2 * torch.randn(shape, generator=dice) for key, shape in every.items()}
    for name in norms:
        tensors[f"{name}.weight"] += 1
    return tensors


def masked_head(width: int, words: int) -> dict[str, Tensor]:
    """Random tensors of BERT's head for masked tokens."""
    dice, at = torch.Generator().manual_seed(9), "cls.predictions"
    return {
        f"{at}.transform.dense.weight": torch.randn(width, width, generator=dice),
        f"{at}.transform.dense.bias": torch.randn(width, generator=dice),
        f"{at}.transform.LayerNorm.weight": 1 + torch.rand(width, generator=dice),
        f"{at}.transform.LayerNorm.bias": torch.randn(width, generator=dice),
        f"{at}.bias": torch.randn(words, generator=dice),
    }
