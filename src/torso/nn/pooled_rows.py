"""Pooling: from the rows of each sequence to one."""

from __future__ import annotations

import torch
from torch import Tensor

from torso.blocks import Pooling
from torso.errors import UnsupportedError
from torso.outputs import Hidden


def pool_rows(hidden: Hidden, pool: Pooling) -> Tensor:
    """Pool each sequence to one row [N, D]: the first token's, the last token's, or the mean of all.

    Raises:
        UnsupportedError: ``E_ROWS``, if only other rows were computed.
    """
    if hidden.pool is not None:
        if hidden.pool != pool:
            raise UnsupportedError(
                "E_ROWS",
                "The batch asks for the {wanted} row of each text alone; this head reads the {pool}.",
                cure="Make the batch with pool=model.head.pool, or leave pool out.",
                values=dict(wanted=hidden.pool, pool=pool),
            )
        return hidden.rows
    if pool == "mean":
        lengths = hidden.layout.lengths
        sums = torch.segment_reduce(hidden.rows, "sum", lengths=lengths.long(), axis=0)
        return sums / lengths[:, None]
    return hidden.rows[hidden.layout.first() if pool == "first" else hidden.layout.last()]
