"""Projections of the same rows: fused into one layer, or each a layer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from torso import blocks
from torso.nn.module import Module


class UnfusedLinear(Module[blocks.UnfusedLinear]):
    """Projections of the same rows, each a layer of its own, that others can freeze, wrap and replace one by one."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, in] to [T, out], the projections side by side as a fused layer has them."""
        return torch.cat(self.each(x), -1)

    def each(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map x [T, in] to each projection [T, rows]."""
        return tuple(layer(x) for layer in self.children())


def by_heads(rows: Tensor, size: int) -> Tensor:
    """Return rows [T, H * size] as heads [T, H, size]: a view."""
    return cast("Tensor", rows.unflatten(-1, (-1, size)))


def projected(layer: nn.Module, x: Tensor, rows: Sequence[int]) -> tuple[Tensor, ...]:
    """Return each of several projections [T, rows] of x [T, in]; of a fused layer views of one product."""
    if isinstance(layer, UnfusedLinear):
        return layer.each(x)
    whole: Tensor = layer(x)
    return cast("tuple[Tensor, ...]", whole.split(list(rows), -1))  # pyright: ignore[reportUnknownMemberType]
