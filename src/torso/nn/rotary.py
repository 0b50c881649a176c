"""Rotary positions (https://arxiv.org/abs/2104.09864): queries and keys turned by an angle that grows with position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.batch import Layout
from torso.nn.rope_scaling import Scaling, scaling_of


class Rotary(nn.Module):
    """Turns the first ``size`` units of each head, the first half of them against the second.

    Angles are in float32 whatever the rows' dtype, as in the reference; they are made once per batch and shared by the
    layers. A scaling that depends on the length takes each sequence's own, so that a text's company changes nothing.

    Args:
        size: units turned, even; those behind them pass unchanged.
        parameters: ``rope_type``, ``rope_theta`` and what the type needs, as `RotaryConfig.rope` gives them.
    """

    def __init__(self, size: int, parameters: Mapping[str, Any]) -> None:
        super().__init__()
        self.size = size
        self.rope = dict(parameters)

    def forward(self, heads: Tensor, layout: Layout) -> Tensor:
        """heads [T, H, d] -> [T, H, d]."""
        cos, sin = self.angles(layout, heads.dtype)
        turned, rest = heads[..., : self.size], heads[..., self.size :]
        turned = turned * cos + self.quarter(turned) * sin
        return torch.cat([turned, rest], -1) if rest.shape[-1] else turned

    def quarter(self, x: Tensor) -> Tensor:
        """Each unit's partner in its plane, a quarter turn on: x [..., size] -> [..., size]."""
        left, right = x.chunk(2, -1)
        return torch.cat([-right, left], -1)

    def spread(self, angles: Tensor) -> Tensor:
        """One angle per plane to one per unit: [..., size / 2] -> [..., size]."""
        return torch.cat([angles, angles], -1)

    def angles(self, layout: Layout, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosines and sines [T, 1, size] of a layout's positions, times the factor of the scaling."""
        key = ("rotary", id(self), dtype, torch.is_inference_mode_enabled())
        kept: tuple[Rotary, Tensor, Tensor] | None = layout.memo.get(key)
        if kept is None:
            with torch.no_grad():
                scaling = scaling_of(self.size, self.rope)
                turns = self.spread(layout.positions[:, None].float() * self._rates(scaling, layout))[:, None]
                cos, sin = (part.mul(scaling.factor).to(dtype) for part in (turns.cos(), turns.sin()))
            # The module is held with its angles, so that its id stays its own.
            kept = layout.memo[key] = (self, cos, sin)
        return kept[1], kept[2]

    @staticmethod
    def _rates(scaling: Scaling, layout: Layout) -> Tensor:
        device = layout.positions.device
        if scaling.of_length is None:
            return scaling.rates.to(device)
        # How far each sequence reaches, which with a cache is more than the rows of this call.
        reached = cast("list[int]", layout.positions[layout.last()].tolist())
        per_sequence = [scaling.of_length(last + 1) for last in reached]
        return torch.stack(per_sequence).to(device)[layout.owner()] if per_sequence else scaling.rates.to(device)


class PairedRotary(Rotary):
    """The same turn with neighbouring units as planes: 0 with 1, 2 with 3 (GPT-J, GLM)."""

    def quarter(self, x: Tensor) -> Tensor:
        """x [..., size] -> [..., size]."""
        return torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)

    def spread(self, angles: Tensor) -> Tensor:
        """[..., size / 2] -> [..., size]."""
        return angles.repeat_interleave(2, -1)
