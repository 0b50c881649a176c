"""Transformer blocks: attention and feed-forward, each with its residual connection."""

from __future__ import annotations

from torch import Tensor, nn

from torso import blocks
from torso.nn.activations import activation
from torso.nn.context import Context
from torso.nn.module import Module


class _Block(Module[blocks.Part]):
    """The parts that most blocks have."""

    attn: nn.Module
    attn_norm: nn.Module
    ffn: nn.Module
    ffn_norm: nn.Module
    dropout: nn.Dropout


class PostNormBlock(_Block):
    """norm(x + f(x)), for attention and then for the feed-forward."""

    ffn_dropout: nn.Dropout

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        return self.ffn_norm(x + self.ffn_dropout(self.ffn(x)))


class PreNormBlock(_Block):
    """x + f(norm(x)), for attention and then for the feed-forward."""

    ffn_dropout: nn.Dropout

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.dropout(self.attn(self.attn_norm(x), ctx))
        return x + self.ffn_dropout(self.ffn(self.ffn_norm(x)))


class NormedResidualBlock(PreNormBlock):
    """norm(x) + f(norm(x)), for attention and then for the feed-forward."""

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(x)
        x = self.ffn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        return x + self.dropout(self.ffn(x))


class ParallelBlock(PreNormBlock):
    """x + f(norm(x)) + g(norm(x)): both branches read the block's input."""

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        attended = self.dropout(self.attn(self.attn_norm(x), ctx))
        x = ctx.pooled(x)
        return x + attended + self.ffn_dropout(self.ffn(self.ffn_norm(x)))


class SandwichBlock(_Block):
    """x + norm(f(norm(x))), for attention and then for the feed-forward."""

    attn_out_norm: nn.Module
    ffn_out_norm: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.attn_out_norm(self.attn(self.attn_norm(x), ctx))
        return x + self.ffn_out_norm(self.ffn(self.ffn_norm(x)))


class PostNormCrossBlock(_Block):
    """A `PostNormBlock` with cross-attention in the middle."""

    cross: nn.Module
    cross_norm: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = self.attn_norm(ctx.pooled(x) + self.dropout(self.attn(x, ctx)))
        x = self.cross_norm(x + self.dropout(self.cross(x, ctx)))
        return self.ffn_norm(x + self.dropout(self.ffn(x)))


class PreNormCrossBlock(_Block):
    """A `PreNormBlock` with cross-attention in the middle."""

    cross: nn.Module
    cross_norm: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        x = ctx.pooled(x) + self.dropout(self.attn(self.attn_norm(x), ctx))
        x = x + self.dropout(self.cross(self.cross_norm(x), ctx))
        return x + self.dropout(self.ffn(self.ffn_norm(x)))


class ConvolvedBlock(PostNormBlock):
    """A `PostNormBlock` beside a convolution of the rows that it read."""

    of: blocks.ConvolvedBlock
    conv: nn.Module
    conv_norm: nn.Module

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        act = activation(self.of.conv_act)
        near = ctx.pooled(act(self.dropout(self.conv(x, ctx.layout))))
        return self.conv_norm(super().forward(x, ctx) + near)
