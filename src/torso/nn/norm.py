"""RMS norms."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    """RMS norm x / rms(x) * weight (https://arxiv.org/abs/1910.07467): x [..., D] -> [..., D].

    Args:
        width: D.
        eps: added to the mean square.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [..., D] -> [..., D]."""
        # Rows may come in half precision from an optimised product, while the norm is in float32.
        return F.rms_norm(x.to(self.weight.dtype), self.weight.shape, self.weight, self.eps).to(x.dtype)


class OffsetRMSNorm(RMSNorm):
    """RMS norm x / rms(x) * (1 + weight), Gemma's form: weights are stored minus one."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__(width, eps)
        nn.init.zeros_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [..., D] -> [..., D], in float32 inside, so that 1 + a small weight is not rounded away."""
        return F.rms_norm(x.float(), self.weight.shape, 1 + self.weight.float(), self.eps).to(x.dtype)
