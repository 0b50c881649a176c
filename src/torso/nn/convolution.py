"""Depthwise or full convolution along each sequence of packed rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso import blocks
from torso.batch import Layout
from torso.nn.module import Module


class SequenceConvolution(Module[blocks.SequenceConvolution]):
    """1D convolution over packed sequences, zero-padded between them so that none reaches into the next."""

    kernel: nn.Conv1d

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """Map x [T, D] to [T, D]."""
        gap = self.of.size // 2
        spread = torch.arange(x.shape[0], device=x.device) + layout.owner() * gap
        padded = x.new_zeros(x.shape[0] + gap * len(layout.sizes), x.shape[1]).index_copy(0, spread, x)
        return self.kernel(padded.T[None])[0].T[spread]
