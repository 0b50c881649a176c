"""RMS norms, norms of heads, and a factor or a bias apart from its projection."""

from __future__ import annotations

import torch
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


class JointRMSNorm(RMSNorm):
    """RMS norm over all heads of a row together."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [T, H, d] -> [T, H, d]."""
        return super().forward(x.flatten(1)).view_as(x)


class HeadLayerNorm(Module[blocks.HeadLayerNorm]):
    """Layer norm of each head's units, with a factor per head and unit."""

    weight: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [T, H, d] -> [T, H, d]."""
        rows = x.to(self.weight.dtype)
        return (F.layer_norm(rows, rows.shape[-1:], eps=self.of.eps) * self.weight).to(x.dtype)


class EachHeadLayerNorm(Module[blocks.EachHeadLayerNorm]):
    """Layer norm of each head's units, each a layer of its own."""

    norms: nn.ModuleList

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x [T, H, d] -> [T, H, d]."""
        return torch.stack([norm(head) for norm, head in zip(self.norms, x.unbind(1), strict=True)], 1)


class Scale(Module[blocks.Scale]):
    """x times a constant."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return x * self.of.factor


class Shift(Module[blocks.Shift]):
    """A learned bias, separate from its projection."""

    bias: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return x + self.bias
