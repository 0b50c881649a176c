"""What the block of a toy computes."""

from __future__ import annotations

from torch import Tensor, nn

from torso.nn import Context, Module

from .toy import ParallelBlock as Description


class ParallelBlock(Module[Description]):
    """x + f(norm(x)) + g(norm(x))."""

    norm: nn.Module
    attn: nn.Module
    ffn: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """x [T, D] -> [T, D]."""
        normed = self.norm(x)
        return x + self.attn(normed, ctx) + self.ffn(normed)
