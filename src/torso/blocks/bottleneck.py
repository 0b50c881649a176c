"""MobileBERT's parts (https://arxiv.org/abs/2004.02984): blocks that are narrow inside, and trigrams of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from torso.blocks.embeddings import Embeddings
from torso.blocks.heads import VocabHead
from torso.blocks.layers import Dropout, Embedding, Identity, Linear, ModuleList
from torso.blocks.part import Part, Weight
from torso.blocks.rule import Rule


@dataclass(frozen=True, eq=False)
class NoNorm(Part):
    """A learned factor and bias in the place of a norm: x * weight + bias, [T, D] -> [T, D].

    Args:
        width: D.
    """

    width: int

    def weights(self) -> Mapping[str, Weight]:
        """Return factor and bias [D]."""
        return {"weight": Weight((self.width,), "ones"), "bias": Weight((self.width,), "zeros")}


@dataclass(frozen=True, eq=False)
class TrigramEmbeddings(Embeddings):
    """Embeddings whose token vectors are projected together with those of the next and the previous token.

    Beyond the ends of a text there are zeros. Positions and segments have the width of the result.

    Args:
        out: D, of the result.
    """

    _: KW_ONLY
    out: int

    def children(self) -> Mapping[str, Part | None]:
        """Create the tables and the projection."""
        return {
            "tokens": self.tokens or Embedding(self.vocabulary, self.width),
            "positions": self.positions,
            "segments": Embedding(self.segments, self.out) if self.segments else None,
            "norm": self.norm or Identity(),
            "dropout": Dropout(self.dropout),
            "project": Linear(3 * self.width, self.out),
        }


@dataclass(frozen=True, eq=False)
class BottleneckAttention(Part):
    """Self-attention whose queries and keys are of narrower rows than its values.

    Args:
        width: of the rows that values are made of.
        inner: of those that queries and keys are made of, and of the result.
        heads: H.
        rule: which keys are seen, and how scores are formed.
    """

    width: int
    inner: int
    heads: int
    _: KW_ONLY
    rule: Rule = field(default_factory=Rule)

    @property
    def size(self) -> int:
        """Width d of a head."""
        return self.inner // self.heads

    def children(self) -> Mapping[str, Part | None]:
        """Create the projections."""
        own = {name: Linear(self.inner, self.inner) for name in ("q", "k", "out")}
        return {**own, "v": Linear(self.width, self.inner)}


@dataclass(frozen=True, eq=False)
class BottleneckBlock(Part):
    """Attention and feed-forwards between a projection to narrow rows and one back, each with residual and norm.

    Args:
        attn: attention.
        narrow: makes of x the narrow rows that attention is added to.
        narrow_qk: makes of x the narrow rows that queries and keys are made of.
        attn_norm: norm after the first residual sum.
        feeds: feed-forwards before the last, each added to what it reads.
        feed_norms: the norm after each of them.
        ffn: the last feed-forward.
        ffn_norm: the norm after it.
        wide: from narrow rows to those of x.
        wide_norm: norm after the last residual sum.
        dropout: probability of dropping a unit of what is added to x, in training.
    """

    attn: BottleneckAttention
    narrow: Part
    narrow_qk: Part
    attn_norm: Part
    feeds: Sequence[Part]
    feed_norms: Sequence[Part]
    ffn: Part
    ffn_norm: Part
    wide: Part
    wide_norm: Part
    _: KW_ONLY
    dropout: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """List the parts."""
        names = ("narrow", "narrow_qk", "attn", "attn_norm", "ffn", "ffn_norm", "wide", "wide_norm")
        return {
            **{name: getattr(self, name) for name in names},
            "feeds": ModuleList(self.feeds),
            "feed_norms": ModuleList(self.feed_norms),
            "dropout": Dropout(self.dropout),
        }


@dataclass(frozen=True, eq=False)
class WidenedVocabHead(VocabHead):
    """A `VocabHead` whose rows are wider than the table of tokens: the rest meets a matrix of its own.

    Args:
        more: columns beyond the table's width.
    """

    _: KW_ONLY
    more: int

    def children(self) -> Mapping[str, Part | None]:
        """Create the transform, the output matrix unless it is tied, and the matrix of the rest."""
        return {**super().children(), "rest": Linear(self.more, self.vocabulary, bias=False)}
