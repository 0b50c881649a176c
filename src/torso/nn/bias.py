"""Relative position biases of attention scores: T5 buckets and ALiBi slopes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from torso import blocks
from torso.nn.module import Module


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
        """Return the bucket of each distance, key's position minus query's."""
        buckets, first = self.of.buckets, torch.zeros_like(distance)
        if self.of.both_ways:
            buckets //= 2
            first = (distance > 0) * buckets
            distance = distance.abs()
        else:
            distance = -distance.clamp(max=0)
        exact = buckets // 2
        far = torch.log(distance.clamp(min=1).float() / exact) / math.log(self.of.furthest / exact) * (buckets - exact)
        return first + torch.where(distance < exact, distance, (exact + far.long()).clamp(max=buckets - 1))


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
        slopes = torch.tensor(self.of.slopes, device=q.device, dtype=torch.float32)
        return (slopes[:, None, None] * k_positions[:, None, None, :].float()).to(q.dtype)
