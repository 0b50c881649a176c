"""Pooling: from the rows of each sequence to one."""

from __future__ import annotations

import torch
from torch import Tensor

from torso.blocks import Pooling
from torso.outputs import Hidden


def pool_rows(hidden: Hidden, pool: Pooling) -> Tensor:
    """Pool each sequence to one row [N, D]: the first token's, the last token's, or the mean of all.

    Raises:
        UnsupportedError: ``E_ROWS``, if only other rows were computed.
    """
    if hidden.is_pooled(pool):
        return hidden.rows
    if pool == "mean":
        lengths = hidden.layout.lengths
        sums = torch.segment_reduce(hidden.rows, "sum", lengths=lengths.long(), axis=0)
        return sums / lengths[:, None]
    return hidden.rows[hidden.layout.first() if pool == "first" else hidden.layout.last()]
