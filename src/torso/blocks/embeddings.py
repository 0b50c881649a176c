"""Token, segment and position embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Convolution, Dropout, Embedding, Identity
from torso.blocks.part import Part


@dataclass(frozen=True, eq=False)
class LearnedPositions(Part):
    """Learned absolute position embeddings.

    Args:
        length: rows of the table, the reserved ones included.
        width: D.
        offset: reserved rows before position 0 (RoBERTa's padding id + 1, BART's 2).
    """

    length: int
    width: int
    _: KW_ONLY
    offset: int = 0

    def children(self) -> Mapping[str, Part | None]:
        """Create the table."""
        return {"table": Embedding(self.length, self.width)}


@dataclass(frozen=True, eq=False)
class UnpaddedPositions(LearnedPositions):
    """A learned row per position, counted over the tokens that are not the padding token (RoBERTa, MPNet).

    As in fairseq, the padding token has the row of its own id wherever it stands, also inside a text, and position 0
    is the row behind it. The reference's ``position_ids`` are rows of this table.

    Args:
        length: rows of the table, those up to the padding token's included.
        width: D.
        padding: id of the padding token.
    """

    _: KW_ONLY
    padding: int

    def __post_init__(self) -> None:
        """Begin behind the padding token."""
        object.__setattr__(self, "offset", self.padding + 1)
        super().__post_init__()


@dataclass(frozen=True, eq=False)
class TaskPositions(LearnedPositions):
    """Learned positions plus the embedding of the first kind of task, the one in use after pretraining (ERNIE).

    Args:
        kinds: kinds of task.
    """

    _: KW_ONLY
    kinds: int

    def children(self) -> Mapping[str, Part | None]:
        """Create both tables."""
        return {**super().children(), "task": Embedding(self.kinds, self.width)}


@dataclass(frozen=True, eq=False)
class SinusoidalPositions(Part):
    """Sinusoidal position embeddings (arXiv 1706.03762), sines in the first half, cosines in the second.

    Args:
        width: D.
    """

    width: int


@dataclass(frozen=True, eq=False)
class ShiftedSinusoids(SinusoidalPositions):
    """Sinusoids whose wavelengths go from 1 to 10000 with both ends, behind reserved positions.

    Args:
        offset: reserved positions before position 0.
    """

    _: KW_ONLY
    offset: int


@dataclass(frozen=True, eq=False)
class UnpaddedSinusoids(ShiftedSinusoids):
    """`ShiftedSinusoids` counted over the tokens that are not the padding token, which itself gets zeros (M2M-100).

    So it is in fairseq and in the reference, wherever that token stands, also inside a text. (With its cache, the
    reference counts the padding tokens before a new one; without it, not. Here a text's scores do not depend on that.)

    Args:
        width: D.
        offset: reserved positions before position 0.
        padding: id of the padding token.
    """

    _: KW_ONLY
    padding: int


@dataclass(frozen=True, eq=False)
class SequenceConvolution(Part):
    """1D convolution over packed sequences, zero-padded between them so that none reaches into the next.

    Args:
        width: D.
        size: kernel size; odd.
        groups: groups of channels.
    """

    width: int
    size: int
    _: KW_ONLY
    groups: int = 1

    def children(self) -> Mapping[str, Part | None]:
        """Create the kernel."""
        return {"kernel": Convolution(self.width, self.size, self.groups)}


@dataclass(frozen=True, eq=False)
class Embeddings(Part):
    """Sum of token, segment and position embeddings, followed by norm, dropout and projection.

    Args:
        vocabulary: V.
        width: D.
        positions: maps positions [T] to [T, D]; None where positions enter elsewhere.
        segments: number of segments (token types); 0 for none.
        norm: norm of the sum.
        dropout: probability of dropping a unit, in training.
        project: from the table's width to the blocks', where they differ (ALBERT, ELECTRA).
        scale: factor on the token embeddings (Gemma, BART).
        tokens: a table shared with another trunk; a new one by default.
        segments_are_tokens: whether ``token_type_ids`` of padded calls are looked up in the table of tokens (GPT-2).
    """

    vocabulary: int
    width: int
    _: KW_ONLY
    positions: Part | None = None
    segments: int = 0
    norm: Part | None = None
    dropout: float = 0.0
    project: Part | None = None
    scale: float = 1.0
    tokens: Embedding | None = None
    segments_are_tokens: bool = False

    @property
    def uncounted(self) -> int | None:
        """Id of the token that counts no position, the padding token of some families; None where all count."""
        of = self.positions
        return of.padding if isinstance(of, UnpaddedPositions | UnpaddedSinusoids) else None

    def children(self) -> Mapping[str, Part | None]:
        """Create the tables."""
        return {
            "tokens": self.tokens or Embedding(self.vocabulary, self.width),
            "positions": self.positions,
            "segments": Embedding(self.segments, self.width) if self.segments else None,
            "norm": self.norm or Identity(),
            "dropout": Dropout(self.dropout),
            "project": self.project or Identity(),
        }


@dataclass(frozen=True, eq=False)
class ProjectedTokens(Embeddings):
    """Token embeddings that are projected before positions are added (OPT)."""
