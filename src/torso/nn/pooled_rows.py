"""From the rows of each text to the one that stands for it."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from torso.errors import UnsupportedError
from torso.outputs import Hidden

Pick = Literal["first", "last", "mean"]


def pick_rows(hidden: Hidden, pick: Pick) -> Tensor:
    """One row per sequence: the first token's, the last token's, or the mean of all: [N, D].

    Raises:
        UnsupportedError: ``E_ROWS``, if other rows alone were asked for.
    """
    if hidden.only is not None:
        if hidden.only != pick:
            raise UnsupportedError(
                "E_ROWS",
                "The batch asks for the {only} row of each text alone; this head reads the {pick}.",
                cure="Make the batch with only=model.head.reads, or leave only out.",
                values=dict(only=hidden.only, pick=pick),
            )
        return hidden.rows
    if pick == "mean":
        lengths = hidden.layout.lengths
        sums = torch.segment_reduce(hidden.rows, "sum", lengths=lengths.long(), axis=0)
        return sums / lengths[:, None]
    return hidden.rows[hidden.layout.first() if pick == "first" else hidden.layout.last()]
