"""First values for token embeddings: tokens that stand among the same neighbours get similar rows.

The matrix of positive pointwise mutual information between a token and its neighbours, reduced by a singular value
decomposition, is what word2vec factorises in small steps (Levy and Goldberg, 2014). Made in half a minute, it spares
the masked language model its slowest phase, in which rows of random numbers find out that they are words.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor

NEAR = (1, 2)
"""Distances that count by themselves, to the left and to the right."""
WIDE = range(3, 9)
"""Distances that count together."""


def embeddings(texts: Iterable[Tensor], size: int, width: int) -> Tensor:
    """One row per token, [size, width], mean square 1 where the token occurs and 0 where it does not.

    Args:
        texts: token ids of each text, [length] int64.
        size: V.
        width: of the rows.
    """
    gap = torch.full((WIDE.stop,), size)
    stream = torch.cat([part for text in texts for part in (text, gap)])
    blocks: list[Tensor] = []
    for distance in NEAR:
        pairs = _pairs(stream, distance, size)
        blocks += [_information(pairs), _information(pairs.T)]
    wide = sum((_pairs(stream, distance, size) for distance in WIDE), start=torch.zeros(size, size))
    blocks.append(_information(wide + wide.T))
    torch.manual_seed(0)  # the decomposition starts from random directions
    left, values, _ = torch.svd_lowrank(torch.cat(blocks, 1), q=width, niter=3)
    rows: Tensor = left * values.sqrt()
    # A rotation, so that no column is the large one: positions and heads treat all columns alike.
    rotation = cast("Tensor", torch.linalg.qr(torch.randn(width, width))[0])
    return torch.nn.functional.normalize(rows @ rotation) * width**0.5


def _pairs(stream: Tensor, distance: int, size: int) -> Tensor:
    first, second = stream[:-distance], stream[distance:]
    known = (first < size) & (second < size)
    return torch.bincount(first[known] * size + second[known], minlength=size * size).view(size, size).float()


def _information(pairs: Tensor) -> Tensor:
    """Positive pointwise mutual information, with the usual exponent of 0.75 on the frequency of neighbours."""
    total = pairs.sum()
    rows = pairs.sum(1, keepdim=True) / total
    columns = pairs.sum(0).pow(0.75)
    columns = columns / columns.sum()
    ratio = (pairs / total) / (rows * columns).clamp(min=1e-12)
    return ratio.log().clamp(min=0).nan_to_num()
