"""RMS norms, and a bias apart from its projection."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from torso import blocks
from torso.nn.module import Module


class RMSNorm(Module[blocks.RMSNorm]):
    """RMS norm x / rms(x) * weight."""

    weight: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [..., D] -> [..., D]."""
        # Under autocast rows come in half precision, while the norm is in float32.
        return F.rms_norm(x.to(self.weight.dtype), self.weight.shape, self.weight, self.of.eps).to(x.dtype)


class OffsetRMSNorm(RMSNorm):
    """RMS norm x / rms(x) * (1 + weight)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [..., D] -> [..., D], in float32 inside, so that 1 + a small weight is not rounded away."""
        return F.rms_norm(x.float(), self.weight.shape, 1 + self.weight.float(), self.of.eps).to(x.dtype)


class Shift(Module[blocks.Shift]):
    """A learned bias, separate from its projection."""

    bias: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return x + self.bias
