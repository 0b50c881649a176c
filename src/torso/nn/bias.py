"""Relative position biases of attention scores: T5 buckets and ALiBi slopes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from torso import blocks
from torso.nn.module import Module
from torso.tables.distance_buckets import t5_buckets
from torso.tables.slopes import alibi_slopes


class BucketBias(Module[blocks.BucketBias]):
    """Relative position bias of T5: learned per head and distance bucket."""

    table: nn.Embedding

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n, H, a, b] from positions [n, a] and [n, b]."""
        if bool((q_positions == q_positions[:1]).all()) and bool((k_positions == k_positions[:1]).all()):
            q_positions, k_positions = q_positions[:1], k_positions[:1]
        distance = k_positions[:, None, :] - q_positions[:, :, None]
        return self.table(self.bucket(distance)).permute(0, 3, 1, 2)

    def bucket(self, distance: Tensor) -> Tensor:
        """Return the bucket of each distance, key position minus query position."""
        # Twice the furthest is beyond it however a logarithm is rounded.
        furthest = min(int(distance.abs().max()), 2 * self.of.furthest) if distance.numel() else 0
        each = t5_buckets(
            np.arange(-furthest, furthest + 1), self.of.buckets, self.of.furthest, both_ways=self.of.both_ways
        )
        return torch.from_numpy(each).to(distance.device)[distance.clamp(-furthest, furthest) + furthest]


class TokenDistanceBias(BucketBias):
    """A `BucketBias` for the distance in tokens, even where a call gives positions of its own."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [1, H, a, a] of q and k [n, H, a, d]."""
        places = torch.arange(q.shape[2], device=q.device)[None]
        return super().scores(q, k, places, places)


class SlopeBias(Module[blocks.SlopeBias]):
    """ALiBi: a fixed slope per head times the key's position.

    A softmax is invariant to a constant per query, so the key's position serves as well as the distance.
    """

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n, H, 1, b] from the keys' positions [n, b]."""
        slopes = torch.tensor(alibi_slopes(self.of.heads), device=q.device)
        return (slopes[:, None, None] * k_positions[:, None, None, :].float()).to(q.dtype)


class CoarseSlopeBias(SlopeBias):
    """ALiBi in bfloat16 numbers, as its models were trained, and a factor on it."""

    of: blocks.CoarseSlopeBias

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n, H, 1, b] from the keys' positions [n, b]."""
        slopes = torch.tensor(alibi_slopes(self.of.heads), device=q.device).bfloat16()
        return (slopes[:, None, None] * k_positions[:, None, None, :]).to(q.dtype) * self.of.factor


class DistanceSlopeBias(Module[blocks.DistanceSlopeBias]):
    """ALiBi of an encoder: a fixed slope per head times the distance in tokens, whatever positions a call gives."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [1, H, a, a] of q and k [n, H, a, d]."""
        places = torch.arange(q.shape[2], device=q.device)
        distances = (places[:, None] - places).abs().float()
        slopes = torch.tensor(alibi_slopes(self.of.heads), device=q.device)
        return (-slopes[:, None, None] * distances).to(q.dtype)[None]


class Sinks(Module[blocks.Sinks]):
    """A learned score per head, as of a key behind all others whose value is zero."""

    sinks: nn.Parameter

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [1, H, 1, b + 1]: zeros, and the sink."""
        zeros = q.new_zeros(self.of.heads, k.shape[2])
        return torch.cat([zeros, self.sinks[:, None].to(q.dtype)], 1)[None, :, None]
