"""Depthwise or full convolution along each sequence of packed rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso.batch import Layout


class SequenceConvolution(nn.Module):
    """1D convolution over packed sequences, zero-padded between them so that none reaches into the next.

    Args:
        width: D.
        size: kernel size; odd.
        groups: groups of channels, as of `torch.nn.Conv1d`.
    """

    def __init__(self, width: int, size: int, *, groups: int = 1) -> None:
        super().__init__()
        self.kernel = nn.Conv1d(width, width, size, padding=size // 2, groups=groups)
        self.gap = size // 2

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """Map x [T, D] to [T, D]."""
        spread = torch.arange(x.shape[0], device=x.device) + layout.owner() * self.gap
        padded = x.new_zeros(x.shape[0] + self.gap * len(layout.sizes), x.shape[1]).index_copy(0, spread, x)
        return self.kernel(padded.T[None])[0].T[spread]
