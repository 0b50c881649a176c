"""Attention heads at a glance: a thumbnail of each, and what share of its attention goes where."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 16
"""Rows and columns of a thumbnail at most."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadSummary:
    """Every head of a stack of layers.

    Attributes:
        thumbnails: [L, H, h, w] float32, at most `SIDE` each way: the largest weight of each block of the matrix.
        special: [L, H], the share of a row's attention that rests on special tokens, mean over the rows.
        itself: [L, H], the share that a token gives itself; 0 in cross-attention, as the next two.
        previous: [L, H], the share that a token gives the one before it, mean over all rows but the first.
        following: [L, H], the share that a token gives the one after it, mean over all rows but the last.
        entropy: [L, H], entropy of a row in nats, mean over the rows: 0 for a row that looks at one token.
    """

    thumbnails: Tensor
    special: Tensor
    itself: Tensor
    previous: Tensor
    following: Tensor
    entropy: Tensor


def summarise_heads(layers: list[Tensor], special: Tensor, *, square: bool) -> HeadSummary:
    """Summarise attention weights.

    Args:
        layers: per layer [H, rows, columns].
        special: [columns] bool, the columns of special tokens.
        square: whether rows and columns are the same tokens.
    """
    parts = [_one_layer(weights.float(), special, square) for weights in layers]
    return joined([HeadSummary(*(each.unsqueeze(0) for each in part)) for part in parts])


def joined(summaries: list[HeadSummary]) -> HeadSummary:
    """Join summaries of layers that follow each other."""
    names = ("thumbnails", "special", "itself", "previous", "following", "entropy")
    return HeadSummary(*(torch.cat([getattr(each, name) for each in summaries]) for name in names))


def _one_layer(weights: Tensor, special: Tensor, square: bool) -> tuple[Tensor, ...]:
    rows, columns = weights.shape[1:]
    thumbnails = F.adaptive_max_pool2d(weights.unsqueeze(0), (min(rows, SIDE), min(columns, SIDE)))[0]
    on_special = weights[:, :, special].sum(-1).mean(-1)
    entropy = torch.where(weights > 0, -weights * weights.log(), 0.0).sum(-1).mean(-1)
    near = [_diagonal(weights, offset) if square else torch.zeros_like(entropy) for offset in (0, -1, 1)]
    return thumbnails, on_special, near[0], near[1], near[2], entropy


def _diagonal(weights: Tensor, offset: int) -> Tensor:
    values = weights.diagonal(offset, 1, 2)
    return values.mean(-1) if values.shape[-1] else values.new_zeros(weights.shape[0])
