"""Norms beyond PyTorch's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    """x / rms(x) * weight (https://arxiv.org/abs/1910.07467): x [..., D] -> [..., D].

    Args:
        width: D.
        eps: added to the mean square.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """x [..., D] -> [..., D]."""
        # Rows may come in half precision from a product that is optimised so, where the norm is not.
        return F.rms_norm(x.to(self.weight.dtype), self.weight.shape, self.weight, self.eps).to(x.dtype)


class OffsetRMSNorm(RMSNorm):
    """x / rms(x) * (1 + weight), Gemma's form: its weights are stored as their distance from one."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__(width, eps)
        nn.init.zeros_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """x [..., D] -> [..., D]; in float32 within, where a small weight beside the one is not lost."""
        return F.rms_norm(x.float(), self.weight.shape, 1 + self.weight.float(), self.eps).to(x.dtype)
