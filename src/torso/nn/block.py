"""Transformer blocks: attention and feed-forward, each with its residual connection."""

from __future__ import annotations

from torch import Tensor, nn

from torso.nn.context import Context


class PostNormBlock(nn.Module):
    """norm(x + f(x)), for attention and then for the feed-forward: the block of the original transformer and of BERT.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm after the first residual sum.
        ffn_norm: norm after the second.
        dropout: probability of dropping a unit of each branch, in training.
        ffn_dropout: the same of the feed-forward alone; None for ``dropout``.
    """

    def __init__(
        self,
        attn: nn.Module,
        ffn: nn.Module,
        attn_norm: nn.Module,
        ffn_norm: nn.Module,
        *,
        dropout: float = 0.0,
        ffn_dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.attn, self.attn_norm = attn, attn_norm
        self.ffn, self.ffn_norm = ffn, ffn_norm
        self.dropout = nn.Dropout(dropout)
        self.ffn_dropout = nn.Dropout(dropout if ffn_dropout is None else ffn_dropout)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        return self.ffn_norm(x + self.ffn_dropout(self.ffn(x)))


class PreNormBlock(nn.Module):
    """x + f(norm(x)), for attention and then for the feed-forward: the block of GPT-2, Llama and T5's encoder.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm before attention.
        ffn_norm: norm before the feed-forward.
        dropout: probability of dropping a unit of each branch, in training.
        ffn_dropout: the same of the feed-forward alone; None for ``dropout``.
    """

    def __init__(
        self,
        attn: nn.Module,
        ffn: nn.Module,
        attn_norm: nn.Module,
        ffn_norm: nn.Module,
        *,
        dropout: float = 0.0,
        ffn_dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.attn_norm, self.attn = attn_norm, attn
        self.ffn_norm, self.ffn = ffn_norm, ffn
        self.dropout = nn.Dropout(dropout)
        self.ffn_dropout = nn.Dropout(dropout if ffn_dropout is None else ffn_dropout)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.dropout(self.attn(self.attn_norm(x), ctx))
        return x + self.ffn_dropout(self.ffn(self.ffn_norm(x)))


class NormedResidualBlock(PreNormBlock):
    """norm(x) + f(norm(x)), for attention and then for the feed-forward: a variation that BLOOM's code allows."""

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(x)
        x = self.ffn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        return x + self.dropout(self.ffn(x))


class ParallelBlock(PreNormBlock):
    """x + f(norm(x)) + g(norm(x)): both branches read the block's input (GPT-J, GPT-NeoX)."""

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        attended = self.dropout(self.attn(self.attn_norm(x), ctx))
        x = ctx.pooled(x)
        return x + attended + self.dropout(self.ffn(self.ffn_norm(x)))


class SandwichBlock(nn.Module):
    """x + norm(f(norm(x))), for attention and then for the feed-forward: the block of Gemma 2 and 3 and of GLM-4.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm before attention.
        attn_out_norm: norm after it.
        ffn_norm: norm before the feed-forward.
        ffn_out_norm: norm after it.
    """

    def __init__(
        self,
        attn: nn.Module,
        ffn: nn.Module,
        attn_norm: nn.Module,
        attn_out_norm: nn.Module,
        ffn_norm: nn.Module,
        ffn_out_norm: nn.Module,
    ) -> None:
        super().__init__()
        self.attn_norm, self.attn, self.attn_out_norm = attn_norm, attn, attn_out_norm
        self.ffn_norm, self.ffn, self.ffn_out_norm = ffn_norm, ffn, ffn_out_norm

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.attn_out_norm(self.attn(self.attn_norm(x), ctx))
        return x + self.ffn_out_norm(self.ffn(self.ffn_norm(x)))


class PostNormCrossBlock(PostNormBlock):
    """A `PostNormBlock` with cross-attention in the middle: the decoder block of the original transformer and of BART.

    Args:
        attn: self-attention.
        cross: attention to the encoder's rows.
        ffn: feed-forward.
        attn_norm: norm after the first residual sum.
        cross_norm: norm after the second.
        ffn_norm: norm after the third.
        dropout: probability of dropping a unit of each branch, in training.
    """

    def __init__(
        self,
        attn: nn.Module,
        cross: nn.Module,
        ffn: nn.Module,
        attn_norm: nn.Module,
        cross_norm: nn.Module,
        ffn_norm: nn.Module,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(attn, ffn, attn_norm, ffn_norm, dropout=dropout)
        self.cross, self.cross_norm = cross, cross_norm

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        x = self.cross_norm(x + self.dropout(self.cross(x, ctx)))
        return self.ffn_norm(x + self.dropout(self.ffn(x)))


class PreNormCrossBlock(PreNormBlock):
    """A `PreNormBlock` with cross-attention in the middle: the decoder block of T5 and mBART.

    Args:
        attn: self-attention.
        cross: attention to the encoder's rows.
        ffn: feed-forward.
        attn_norm: norm before self-attention.
        cross_norm: norm before cross-attention.
        ffn_norm: norm before the feed-forward.
        dropout: probability of dropping a unit of each branch, in training.
    """

    def __init__(
        self,
        attn: nn.Module,
        cross: nn.Module,
        ffn: nn.Module,
        attn_norm: nn.Module,
        cross_norm: nn.Module,
        ffn_norm: nn.Module,
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(attn, ffn, attn_norm, ffn_norm, dropout=dropout)
        self.cross, self.cross_norm = cross, cross_norm

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.dropout(self.attn(self.attn_norm(x), ctx))
        x = x + self.dropout(self.cross(self.cross_norm(x), ctx))
        return x + self.dropout(self.ffn(self.ffn_norm(x)))
