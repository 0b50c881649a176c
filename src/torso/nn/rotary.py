"""Rotary position embeddings (RoPE, https://arxiv.org/abs/2104.09864) of queries and keys."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from torso import blocks
from torso.batch import Layout
from torso.nn.module import Module
from torso.tables.angles import Scaling, scaling_of


class Rotary(Module[blocks.Rotary]):
    """Rotary embedding of the first units of each head, pairing the two halves of them.

    Angles are in float32 whatever the rows' dtype, as in the reference; they are computed once per batch and shared by
    the layers. A scaling that depends on the length uses each sequence's own, so results do not depend on the batch.
    """

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """Rotate heads [T, H, d] -> [T, H, d]."""
        cos, sin = self.angles(layout, heads.dtype)
        rotated, rest = heads[..., : self.of.size], heads[..., self.of.size :]
        rotated = rotated * cos + self.rotate_half(rotated) * sin
        return torch.cat([rotated, rest], -1) if rest.shape[-1] else rotated

    def rotate_half(self, x: Tensor) -> Tensor:
        """Rotate each pair of units by 90 degrees: x [..., size] -> [..., size]."""
        first, second = x.chunk(2, -1)
        return torch.cat([-second, first], -1)

    def spread(self, angles: Tensor) -> Tensor:
        """Repeat one angle per pair as one per unit: [..., size / 2] -> [..., size]."""
        return torch.cat([angles, angles], -1)

    def angles(self, layout: Layout, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return cosines and sines [T, 1, size] of a layout's positions, times the attention factor."""
        key = ("rotary", id(self), dtype, torch.is_inference_mode_enabled())
        cached: tuple[Rotary, Tensor, Tensor] | None = layout.memo.get(key)
        if cached is None:
            with torch.no_grad():
                scaling = scaling_of(self.of.size, self.of.parameters)
                angles = self.spread(layout.positions[:, None].float() * self._rates(scaling, layout))[:, None]
                cos, sin = (part.mul(scaling.factor).to(dtype) for part in (angles.cos(), angles.sin()))
            # The module is held with its angles, so that its id is not reused.
            cached = layout.memo[key] = (self, cos, sin)
        return cached[1], cached[2]

    @staticmethod
    def _rates(scaling: Scaling, layout: Layout) -> Tensor:
        device = layout.positions.device
        if scaling.of_length is None:
            return torch.from_numpy(scaling.rates).to(device)
        # How far each sequence reaches, which with a cache is more than the rows of this call.
        last_positions = cast("list[int]", layout.positions[layout.last()].tolist())
        rates = np.stack([scaling.of_length(last + 1) for last in last_positions]) if last_positions else scaling.rates
        return (
            torch.from_numpy(rates).to(device)[layout.owner()] if last_positions else torch.from_numpy(rates).to(device)
        )


class PairedRotary(Rotary):
    """Rotary embedding that pairs neighbouring units: 0 with 1, 2 with 3 (GPT-J, GLM)."""

    def rotate_half(self, x: Tensor) -> Tensor:
        """Rotate each pair of units by 90 degrees: x [..., size] -> [..., size]."""
        return torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)

    def spread(self, angles: Tensor) -> Tensor:
        """Repeat one angle per pair as one per unit: [..., size / 2] -> [..., size]."""
        return angles.repeat_interleave(2, -1)
