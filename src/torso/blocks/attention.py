"""Attention, and what enters its scores: positions, distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from torso.blocks.layers import Dropout, Embedding, Identity, Linear
from torso.blocks.part import Part
from torso.blocks.rule import Rule


@dataclass(frozen=True, eq=False)
class Rotary(Part):
    """Rotary embedding of the first ``size`` units of each head, pairing unit i with i + size / 2.

    Args:
        size: rotated units of each head, even; the others pass unchanged.
        parameters: ``rope_type``, ``rope_theta`` and the type's own keys, as of `RotaryConfig.rope`.
    """

    size: int
    parameters: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class PairedRotary(Rotary):
    """Rotary embedding that pairs neighbouring units: 0 with 1, 2 with 3 (GPT-J, GLM)."""


@dataclass(frozen=True, eq=False)
class Unrotated(Part):
    """No rotary embedding."""


@dataclass(frozen=True, eq=False)
class Attention(Part):
    r"""Multi-head self-attention with one fused projection for queries, keys and values (arXiv 1706.03762).

    With G < H key/value heads (grouped-query attention, arXiv 2305.13245) H / G query heads share one of them::

        H = G = 4          H = 4, G = 2       H = 4, G = 1
        q q q q            q q q q            q q q q
        | | | |            | | | |            | | | |
        | | | |            \ / \ /            \ \ / /
        k k k k             k   k                k
        multi-head         grouped            multi-query

    Args:
        width: D.
        heads: H query heads.
        kv_heads: G key and value heads, each shared by H / G query heads; None for H.
        head_size: d; None for D / H.
        bias: whether the fused projection has a bias.
        out_bias: whether the output projection has one.
        head_norm: describes the norm of each head's queries and of its keys (QK-norm); none by default.
        key_norm: the same of keys alone, where its width is another; None for ``head_norm``.
        rotary: rotary position embedding of queries and keys; none by default.
        rule: which keys are seen, and how scores are formed.
        score_bias: added to the scores; a part of the trunk, since several blocks may share it.
    """

    width: int
    heads: int
    _: KW_ONLY
    kv_heads: int | None = None
    head_size: int | None = None
    bias: bool = True
    out_bias: bool = True
    head_norm: Callable[[], Part] = field(default=Identity, repr=False)
    key_norm: Callable[[], Part] | None = field(default=None, repr=False)
    rotary: Part | None = None
    rule: Rule = field(default_factory=Rule)
    score_bias: Part | None = None

    @property
    def size(self) -> int:
        """Width d of a head."""
        return self.head_size or self.width // self.heads

    @property
    def rows(self) -> tuple[int, int, int]:
        """Rows of queries, keys and values in the fused projection."""
        keys = (self.kv_heads or self.heads) * self.size
        return self.heads * self.size, keys, keys

    def children(self) -> Mapping[str, Part | None]:
        """Create projections and norms; the bias is a part of the trunk."""
        return {
            "qkv": Linear(self.width, sum(self.rows), self.bias, rows=self.rows, head_size=self.size),
            "out": Linear(self.rows[0], self.width, self.out_bias),
            "q_norm": self.head_norm(),
            "k_norm": (self.key_norm or self.head_norm)(),
            "rotary": self.rotary or Unrotated(),
        }


@dataclass(frozen=True, eq=False)
class ClippedAttention(Attention):
    """An `Attention` whose queries, keys and values are kept within a limit as they are projected (OLMo, MPT).

    Args:
        limit: the largest absolute value.
    """

    _: KW_ONLY
    limit: float


@dataclass(frozen=True, eq=False)
class TemperedAttention(Attention):
    """An `Attention` whose queries grow with their positions, so that weights stay sharp in long texts (Llama 4).

    A query at position p is multiplied by ``1 + growth * log(1 + floor(p / trained))``.

    Args:
        growth: how fast.
        trained: position from which they grow.
    """

    _: KW_ONLY
    growth: float
    trained: int


@dataclass(frozen=True, eq=False)
class CrossAttention(Part):
    """Cross-attention: queries from the decoder's rows, keys and values from the encoder's.

    Args:
        width: D, of both.
        heads: H.
        head_size: d; None for D / H.
        bias: whether the projections to queries, keys and values have a bias.
        out_bias: whether the output projection has one.
        rule: how scores are formed.
    """

    width: int
    heads: int
    _: KW_ONLY
    head_size: int | None = None
    bias: bool = True
    out_bias: bool = True
    rule: Rule = field(default_factory=Rule)

    @property
    def size(self) -> int:
        """Width d of a head."""
        return self.head_size or self.width // self.heads

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of keys and values in their fused projection."""
        inner = self.heads * self.size
        return inner, inner

    def children(self) -> Mapping[str, Part | None]:
        """Create the projections."""
        inner = self.rows[0]
        return {
            "q": Linear(self.width, inner, self.bias),
            "kv": Linear(self.width, 2 * inner, self.bias, rows=self.rows, head_size=self.size),
            "out": Linear(inner, self.width, self.out_bias),
        }


@dataclass(frozen=True, eq=False)
class Distances(Part):
    """Relative position embeddings: a learned row per distance, query minus key, clipped to ``span`` either way.

    Distances count rows, as in the reference: explicit position ids change the absolute embeddings alone.

    Args:
        width: D.
        span: distinct distances on each side.
        norm: norm of the rows.
        dropout: probability of dropping a unit of a row, in training, drawn separately for each block.
    """

    width: int
    span: int
    _: KW_ONLY
    norm: Part | None = None
    dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """Create table, norm and dropout."""
        table = Embedding(2 * self.span, self.width)
        return {"table": table, "norm": self.norm or Identity(), "dropout": Dropout(self.dropout)}


@dataclass(frozen=True, eq=False)
class LogDistances(Distances):
    """Log-bucketed `Distances`: exact up to half the span, then log-spaced up to ``furthest``.

    Args:
        furthest: the distance of the last row.
    """

    furthest: int


@dataclass(frozen=True, eq=False)
class DisentangledAttention(Part):
    """Disentangled self-attention: content-to-content plus content-to-position and position-to-content scores.

    Args:
        width: D.
        heads: H.
        distances: relative position embeddings, a part of the trunk; None for content scores alone.
        head_size: d; None for D / H.
        c2p: whether content-to-position scores are added.
        p2c: whether position-to-content scores are added.
        bias: whether the fused projection has a bias.
        place_key_bias: whether the key projection of distances has one.
        shift: describes the bias added to queries and to values; none by default.
        dropout: probability of dropping an attention weight, in training.
    """

    width: int
    heads: int
    distances: Distances | None
    _: KW_ONLY
    head_size: int | None = None
    c2p: bool
    p2c: bool
    bias: bool = True
    place_key_bias: bool = True
    shift: Callable[[], Part] = field(default=Identity, repr=False)
    dropout: float = 0.0

    @property
    def size(self) -> int:
        """Width d of a head."""
        return self.head_size or self.width // self.heads

    @property
    def rows(self) -> tuple[int, int, int]:
        """Rows of queries, keys and values in the fused projection."""
        inner = self.heads * self.size
        return inner, inner, inner

    @property
    def scale(self) -> float:
        """Factor on the scores, by the number of their terms."""
        return (self.size * (1 + self.c2p + self.p2c)) ** -0.5

    @property
    def rule(self) -> Rule:
        """Every key is seen."""
        return Rule(scale=self.scale, dropout=self.dropout)

    @property
    def score_bias(self) -> Part | None:
        """The distances."""
        return self.distances

    def children(self) -> Mapping[str, Part | None]:
        """Create projections and biases; the distances are a part of the trunk."""
        return {
            "qkv": Linear(self.width, sum(self.rows), self.bias, rows=self.rows, head_size=self.size),
            "q_shift": self.shift(),
            "v_shift": self.shift(),
            "out": Linear(self.rows[0], self.width),
            **self.places(),
        }

    def places(self) -> Mapping[str, Part | None]:
        """Create the projections of distances."""
        there, inner = self.distances is not None, self.heads * self.size
        return {
            "place_key": Linear(self.width, inner, self.place_key_bias) if there and self.c2p else None,
            "place_query": Linear(self.width, inner) if there and self.p2c else None,
        }


@dataclass(frozen=True, eq=False)
class SharedDisentangledAttention(DisentangledAttention):
    """Disentangled attention whose distances share the tokens' projections."""

    def places(self) -> Mapping[str, Part | None]:
        """Create none: the fused projection serves distances too."""
        return {}
