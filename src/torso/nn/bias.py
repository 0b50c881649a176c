"""Relative position biases of attention scores: T5 buckets and ALiBi slopes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class BucketBias(nn.Module):
    """Relative position bias of T5: learned per head and distance bucket, log-spaced far off (arXiv 1910.10683).

    Args:
        heads: H.
        buckets: how many buckets there are.
        furthest: distance from which all share the last bucket (``relative_attention_max_distance``).
        both_ways: whether earlier and later keys have separate buckets (bidirectional), as an encoder's do.
    """

    def __init__(self, heads: int, buckets: int, furthest: int, *, both_ways: bool) -> None:
        super().__init__()
        self.table = nn.Embedding(buckets, heads)
        self.furthest, self.both_ways = furthest, both_ways

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n, H, a, b] from positions [n, a] and [n, b]."""
        if bool((q_positions == q_positions[:1]).all()) and bool((k_positions == k_positions[:1]).all()):
            q_positions, k_positions = q_positions[:1], k_positions[:1]
        distance = k_positions[:, None, :] - q_positions[:, :, None]
        return self.table(self.bucket(distance)).permute(0, 3, 1, 2)

    def bucket(self, distance: Tensor) -> Tensor:
        """Return the bucket of each distance, key's position minus query's."""
        buckets, first = self.table.num_embeddings, torch.zeros_like(distance)
        if self.both_ways:
            buckets //= 2
            first = (distance > 0) * buckets
            distance = distance.abs()
        else:
            distance = -distance.clamp(max=0)
        exact = buckets // 2
        far = torch.log(distance.clamp(min=1).float() / exact) / math.log(self.furthest / exact) * (buckets - exact)
        return first + torch.where(distance < exact, distance, (exact + far.long()).clamp(max=buckets - 1))


class SlopeBias(nn.Module):
    """ALiBi (https://arxiv.org/abs/2108.12409): a fixed slope per head times the key's position.

    A softmax is invariant to a constant per query, so the key's position serves as well as the distance.

    Args:
        heads: H.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        whole = 2 ** math.floor(math.log2(heads))
        steepest = 2.0 ** (-8 / whole)
        between = 2.0 ** (-4 / whole)
        self.slopes = [steepest ** (i + 1) for i in range(whole)]
        self.slopes += [between ** (2 * i + 1) for i in range(heads - whole)]

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the bias [n, H, 1, b] from the keys' positions [n, b]."""
        slopes = torch.tensor(self.slopes, device=q.device, dtype=torch.float32)
        return (slopes[:, None, None] * k_positions[:, None, None, :].float()).to(q.dtype)
