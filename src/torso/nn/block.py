"""Blocks: attention and feed-forward, each with its residual sum."""

from __future__ import annotations

from torch import Tensor, nn

from torso.nn.context import Context


class PostNormBlock(nn.Module):
    """norm(x + f(x)), for attention and then for the feed-forward: the block of the original transformer and of BERT.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm after the first sum.
        ffn_norm: norm after the second.
        dropout: probability of dropping a unit of each branch, in training.
    """

    def __init__(
        self, attn: nn.Module, ffn: nn.Module, attn_norm: nn.Module, ffn_norm: nn.Module, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.attn, self.attn_norm = attn, attn_norm
        self.ffn, self.ffn_norm = ffn, ffn_norm
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """x [T, D] -> [T, D]."""
        x = self.attn_norm(x + self.dropout(self.attn(x, ctx)))
        return self.ffn_norm(x + self.dropout(self.ffn(x)))
