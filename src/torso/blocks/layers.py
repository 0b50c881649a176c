"""Layers with weights of their own: projections, tables, norms. Names and arguments are those of `torch.nn`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from torso.blocks.part import Part, Weight


@dataclass(frozen=True, eq=False)
class Linear(Part):
    """Projection x W^T + b: [T, in_features] -> [T, out_features].

    Args:
        in_features: columns of the weight.
        out_features: rows of the weight.
        bias: whether there is a bias.
        rows: rows of each projection that it is fused from; empty for one that is not fused.
        head_size: of a fused projection, rows of one head of attention; 0 without heads.
        initial_bias: values of a new bias, as of `Weight`.
    """

    in_features: int
    out_features: int
    bias: bool = True
    _: KW_ONLY
    rows: tuple[int, ...] = ()
    head_size: int = 0
    initial_bias: Literal["normal", "zeros"] = "zeros"

    def weights(self) -> Mapping[str, Weight]:
        """Return the weight [out_features, in_features] and the bias."""
        weight = {"weight": Weight((self.out_features, self.in_features))}
        return weight | ({"bias": Weight((self.out_features,), self.initial_bias)} if self.bias else {})


@dataclass(frozen=True, eq=False)
class UnfusedLinear(Part):
    """Projections of the same rows, each a layer of its own: what a `Linear` with ``rows`` computes in one product.

    Args:
        in_features: columns of every weight.
        rows: rows of each projection.
        bias: whether they have biases.
    """

    in_features: int
    rows: tuple[int, ...]
    bias: bool = True

    def children(self) -> Mapping[str, Part | None]:
        """Name the projections by their places."""
        return {str(i): Linear(self.in_features, rows, self.bias) for i, rows in enumerate(self.rows)}


@dataclass(frozen=True, eq=False)
class Embedding(Part):
    """Table of rows.

    Args:
        num_embeddings: rows.
        embedding_dim: width of a row.
        padding_idx: a row that does not learn; None for none.
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None = None

    def weights(self) -> Mapping[str, Weight]:
        """Return the table."""
        return {"weight": Weight((self.num_embeddings, self.embedding_dim))}


@dataclass(frozen=True, eq=False)
class Convolution(Part):
    """1D convolution [D, T] -> [D, T], zero-padded at both ends.

    Args:
        width: D.
        size: kernel size; odd.
        groups: groups of channels.
    """

    width: int
    size: int
    groups: int = 1

    def weights(self) -> Mapping[str, Weight]:
        """Return kernel and bias."""
        kernel = (self.width, self.width // self.groups, self.size)
        return {"weight": Weight(kernel), "bias": Weight((self.width,), "zeros")}


@dataclass(frozen=True, eq=False)
class LayerNorm(Part):
    """Layer norm over the last axis (https://arxiv.org/abs/1607.06450).

    Args:
        width: D.
        eps: added to the variance.
        elementwise_affine: whether there are weights.
        bias: whether they include a bias.
    """

    width: int
    eps: float = 1e-5
    elementwise_affine: bool = True
    bias: bool = True

    def weights(self) -> Mapping[str, Weight]:
        """Return factor and bias [D]."""
        if not self.elementwise_affine:
            return {}
        weight = {"weight": Weight((self.width,), "ones")}
        return weight | ({"bias": Weight((self.width,), "zeros")} if self.bias else {})


@dataclass(frozen=True, eq=False)
class RMSNorm(Part):
    """RMS norm x / rms(x) * weight (https://arxiv.org/abs/1910.07467).

    Args:
        width: D.
        eps: added to the mean square.
    """

    width: int
    eps: float

    def weights(self) -> Mapping[str, Weight]:
        """Return the factor [D]."""
        return {"weight": Weight((self.width,), "ones")}


@dataclass(frozen=True, eq=False)
class OffsetRMSNorm(RMSNorm):
    """RMS norm x / rms(x) * (1 + weight), Gemma's form: weights are stored minus one."""

    def weights(self) -> Mapping[str, Weight]:
        """Return the factor minus one [D]."""
        return {"weight": Weight((self.width,), "zeros")}


@dataclass(frozen=True, eq=False)
class JointRMSNorm(RMSNorm):
    """RMS norm over all heads of a row together: x [T, H, d] -> [T, H, d], with ``width`` H x d (OLMo 2)."""


@dataclass(frozen=True, eq=False)
class HeadLayerNorm(Part):
    """Layer norm of each head's units, with a factor per head and unit: x [T, H, d] -> [T, H, d] (Cohere).

    Args:
        heads: H.
        size: d.
        eps: added to the variance.
    """

    heads: int
    size: int
    eps: float

    def weights(self) -> Mapping[str, Weight]:
        """Return the factors [H, d]."""
        return {"weight": Weight((self.heads, self.size), "ones")}


@dataclass(frozen=True, eq=False)
class EachHeadLayerNorm(Part):
    """Layer norm of each head's units, each a layer of its own: x [T, H, d] -> [T, H, d] (StableLM).

    Args:
        heads: H.
        size: d.
        eps: added to the variance.
    """

    heads: int
    size: int
    eps: float

    def children(self) -> Mapping[str, Part | None]:
        """Create the norms."""
        return {"norms": ModuleList([LayerNorm(self.size, self.eps, bias=False) for _ in range(self.heads)])}


@dataclass(frozen=True, eq=False)
class Scale(Part):
    """x times a constant: [T, D] -> [T, D].

    Args:
        factor: the constant.
    """

    factor: float


@dataclass(frozen=True, eq=False)
class Shift(Part):
    """A learned bias, separate from its projection: x [T, D] -> [T, D].

    Args:
        width: D.
    """

    width: int

    def weights(self) -> Mapping[str, Weight]:
        """Return the bias [D]."""
        return {"bias": Weight((self.width,), "zeros")}


@dataclass(frozen=True, eq=False)
class Dropout(Part):
    """Dropout, in training.

    Args:
        p: probability of dropping a unit.
    """

    p: float = 0.0


@dataclass(frozen=True, eq=False)
class Identity(Part):
    """x unchanged."""


@dataclass(frozen=True, eq=False, init=False)
class Sequential(Part):
    """Parts applied one after another.

    Args:
        items: in order.
    """

    items: Sequence[Part]

    def __init__(self, *items: Part) -> None:
        object.__setattr__(self, "items", items)
        self.__post_init__()

    def children(self) -> Mapping[str, Part | None]:
        """Name them by their places."""
        return {str(i): each for i, each in enumerate(self.items)}


@dataclass(frozen=True, eq=False)
class ModuleList(Part):
    """Parts that their owner applies; the same one may occur several times.

    Args:
        items: in order.
    """

    items: Sequence[Part]

    def children(self) -> Mapping[str, Part | None]:
        """Name them by their places."""
        return {str(i): each for i, each in enumerate(self.items)}
