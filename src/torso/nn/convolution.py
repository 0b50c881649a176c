"""Convolution of rows with their neighbours in the same sequence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso.batch import Layout


class SequenceConvolution(nn.Module):
    """One convolution over all sequences, kept apart by rows of zeros: no sequence reaches into the next.

    Args:
        width: D.
        size: rows that a row sees, itself in their middle; odd.
        groups: in how many groups the units are convolved apart.
    """

    def __init__(self, width: int, size: int, *, groups: int = 1) -> None:
        super().__init__()
        self.kernel = nn.Conv1d(width, width, size, padding=size // 2, groups=groups)
        self.gap = size // 2

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """x [T, D] -> [T, D]."""
        places = torch.arange(x.shape[0], device=x.device) + layout.owner() * self.gap
        apart = x.new_zeros(x.shape[0] + self.gap * len(layout.sizes), x.shape[1]).index_copy(0, places, x)
        return self.kernel(apart.T[None])[0].T[places]
