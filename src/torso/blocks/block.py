"""Transformer blocks and their feed-forward networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Dropout, Linear
from torso.blocks.part import Part


@dataclass(frozen=True, eq=False)
class FeedForward(Part):
    """Feed-forward network down(act(up(x))): x [T, D] -> [T, D].

    Args:
        width: D.
        inner: F.
        act: name of the activation in configs.
        bias: whether both projections have a bias.
        dropout: probability of dropping an activated unit, in training.
    """

    width: int
    inner: int
    act: str
    _: KW_ONLY
    bias: bool = True
    dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """Create the projections."""
        up, down = Linear(self.width, self.inner, self.bias), Linear(self.inner, self.width, self.bias)
        return {"up": up, "down": down, "dropout": Dropout(self.dropout)}


@dataclass(frozen=True, eq=False)
class GatedFeedForward(Part):
    """Gated feed-forward network (GLU) down(act(gate(x)) * up(x)), gate and up fused (arXiv 2002.05202).

    Args:
        width: D.
        inner: F.
        act: name of the gate's activation in configs.
        bias: whether the projections have a bias.
        down_bias: whether the down projection has one; None for ``bias``.
        gate_behind: whether the fused projection is [up | gate] instead of [gate | up].
        dropout: probability of dropping a gated unit, in training.
    """

    width: int
    inner: int
    act: str
    _: KW_ONLY
    bias: bool = True
    down_bias: bool | None = None
    gate_behind: bool = False
    dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """Create the projections."""
        down_bias = self.bias if self.down_bias is None else self.down_bias
        return {
            "gate_up": Linear(self.width, 2 * self.inner, self.bias, rows=(self.inner, self.inner)),
            "down": Linear(self.inner, self.width, down_bias),
            "dropout": Dropout(self.dropout),
        }


@dataclass(frozen=True, eq=False)
class PostNormBlock(Part):
    """norm(x + f(x)), for attention and then for the feed-forward: the block of the original transformer and of BERT.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm after the first residual sum.
        ffn_norm: norm after the second.
        dropout: probability of dropping a unit of each branch, in training.
        ffn_dropout: the same of the feed-forward alone; None for ``dropout``.
    """

    attn: Part
    ffn: Part
    attn_norm: Part
    ffn_norm: Part
    _: KW_ONLY
    dropout: float = 0.0
    ffn_dropout: float | None = None

    def children(self) -> Mapping[str, Part | None]:
        """List branches and norms."""
        return {
            "attn": self.attn,
            "attn_norm": self.attn_norm,
            "ffn": self.ffn,
            "ffn_norm": self.ffn_norm,
            **self.dropouts(),
        }

    def dropouts(self) -> Mapping[str, Part | None]:
        """Create the dropouts of the branches."""
        ffn_dropout = self.dropout if self.ffn_dropout is None else self.ffn_dropout
        return {"dropout": Dropout(self.dropout), "ffn_dropout": Dropout(ffn_dropout)}


@dataclass(frozen=True, eq=False)
class PreNormBlock(PostNormBlock):
    """x + f(norm(x)), for attention and then for the feed-forward: the block of GPT-2, Llama and T5's encoder.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm before attention.
        ffn_norm: norm before the feed-forward.
        dropout: probability of dropping a unit of each branch, in training.
        ffn_dropout: the same of the feed-forward alone; None for ``dropout``.
    """

    def children(self) -> Mapping[str, Part | None]:
        """List branches and norms."""
        return {
            "attn_norm": self.attn_norm,
            "attn": self.attn,
            "ffn_norm": self.ffn_norm,
            "ffn": self.ffn,
            **self.dropouts(),
        }


@dataclass(frozen=True, eq=False)
class NormedResidualBlock(PreNormBlock):
    """norm(x) + f(norm(x)), for attention and then for the feed-forward: a variation that BLOOM's code allows."""


@dataclass(frozen=True, eq=False)
class ParallelBlock(PreNormBlock):
    """x + f(norm(x)) + g(norm(x)): both branches read the block's input (GPT-J, GPT-NeoX)."""


@dataclass(frozen=True, eq=False)
class SandwichBlock(Part):
    """x + norm(f(norm(x))), for attention and then for the feed-forward: the block of Gemma 2 and 3 and of GLM-4.

    Args:
        attn: self-attention.
        ffn: feed-forward.
        attn_norm: norm before attention.
        attn_out_norm: norm after it.
        ffn_norm: norm before the feed-forward.
        ffn_out_norm: norm after it.
    """

    attn: Part
    ffn: Part
    attn_norm: Part
    attn_out_norm: Part
    ffn_norm: Part
    ffn_out_norm: Part

    def children(self) -> Mapping[str, Part | None]:
        """List branches and norms."""
        names = ("attn_norm", "attn", "attn_out_norm", "ffn_norm", "ffn", "ffn_out_norm")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False)
class PostNormCrossBlock(Part):
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

    attn: Part
    cross: Part
    ffn: Part
    attn_norm: Part
    cross_norm: Part
    ffn_norm: Part
    _: KW_ONLY
    dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """List branches and norms, in the order of the blocks without cross-attention."""
        return {
            "attn": self.attn,
            "attn_norm": self.attn_norm,
            "ffn": self.ffn,
            "ffn_norm": self.ffn_norm,
            "dropout": Dropout(self.dropout),
            "cross": self.cross,
            "cross_norm": self.cross_norm,
        }


@dataclass(frozen=True, eq=False)
class PreNormCrossBlock(PostNormCrossBlock):
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

    def children(self) -> Mapping[str, Part | None]:
        """List branches and norms, in the order of the blocks without cross-attention."""
        return {
            "attn_norm": self.attn_norm,
            "attn": self.attn,
            "ffn_norm": self.ffn_norm,
            "ffn": self.ffn,
            "dropout": Dropout(self.dropout),
            "cross": self.cross,
            "cross_norm": self.cross_norm,
        }


@dataclass(frozen=True, eq=False)
class ConvolvedBlock(PostNormBlock):
    """A `PostNormBlock` beside a convolution of the rows that it read (DeBERTa 2).

    Args:
        conv: the convolution.
        conv_norm: norm of the sum of both.
        conv_act: name of the convolution's activation.
    """

    _: KW_ONLY
    conv: Part
    conv_norm: Part
    conv_act: str

    def children(self) -> Mapping[str, Part | None]:
        """List branches, norms and the convolution."""
        return {**super().children(), "conv": self.conv, "conv_norm": self.conv_norm}
