"""Task heads."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal, Self

from torso.blocks.layers import Dropout, Embedding, Identity, Linear, Shift
from torso.blocks.part import Part, Weight

Pooling = Literal["first", "last", "mean"]
"""Row that is pooled of each sequence: its first, its last, or the mean of all."""


@dataclass(frozen=True, eq=False)
class Head(Part):
    """Base class of task heads."""

    @property
    def pooling(self) -> Pooling | None:
        """The row of each sequence that the head reads; None if it reads all rows."""
        return None


@dataclass(frozen=True, eq=False)
class Transform(Part):
    """Linear layer, activation and norm: x [T, D] -> [T, D]; poolers and transforms of masked-LM heads.

    Args:
        width: D.
        act: name of the activation in configs.
        out: width of the result; None for D.
        norm: none by default.
        bias: whether the linear layer has a bias.
    """

    width: int
    act: str
    _: KW_ONLY
    out: int | None = None
    norm: Part | None = None
    bias: bool = True

    def children(self) -> Mapping[str, Part | None]:
        """Create the linear layer."""
        return {"dense": Linear(self.width, self.out or self.width, self.bias), "norm": self.norm or Identity()}


@dataclass(frozen=True, eq=False)
class FeatureHead(Head):
    """Feature extraction: hidden states, and the pooled first token where there is a pooler.

    Args:
        pooler: maps the first tokens' rows [N, D] to [N, D]; None where a checkpoint has none.
    """

    pooler: Part | None = None

    def children(self) -> Mapping[str, Part | None]:
        """List the pooler."""
        return {"pooler": self.pooler}


@dataclass(frozen=True, eq=False)
class ScoringHead(Head):
    """Scores of rows: transform, dropout, linear layer.

    Args:
        width: D.
        labels: C.
        mlp: transform of the rows; none by default.
        dropout: probability of dropping a unit before the scores, in training.
        bias: whether the scores have a bias.
    """

    width: int
    labels: int
    _: KW_ONLY
    mlp: Part | None = None
    dropout: float = 0.0
    bias: bool = True

    def children(self) -> Mapping[str, Part | None]:
        """Create the scores."""
        out = Linear(self.width, self.labels, self.bias)
        return {"mlp": self.mlp or Identity(), "dropout": Dropout(self.dropout), "out": out}


@dataclass(frozen=True, eq=False)
class SequenceHead(ScoringHead):
    """Sequence classification: pool a row of each sequence, transform it, score it.

    Args:
        pool: the pooled row of a sequence, or the mean of all its rows.
    """

    _: KW_ONLY
    pool: Pooling

    @property
    def pooling(self) -> Pooling:
        """The pooled row."""
        return self.pool


@dataclass(frozen=True, eq=False)
class LateSequenceHead(SequenceHead):
    """A `SequenceHead` that transforms all rows before it pools them (EuroBERT)."""


@dataclass(frozen=True, eq=False)
class TokenHead(ScoringHead):
    """Token classification: one row of scores per token."""


@dataclass(frozen=True, eq=False)
class SpanHead(ScoringHead):
    """Extractive question answering: start and end scores of each token."""

    labels: int = field(default=2, init=False)


@dataclass(frozen=True, eq=False)
class ReplacedHead(ScoringHead):
    """Replaced token detection: one score per token (ELECTRA's discriminator)."""

    labels: int = field(default=1, init=False)


@dataclass(frozen=True, eq=False)
class ChoiceHead(Head):
    """Multiple choice: one score per alternative.

    Args:
        scorer: a `SequenceHead` with one label.
    """

    scorer: SequenceHead

    @property
    def pooling(self) -> Pooling:
        """The row that the scorer pools."""
        return self.scorer.pooling

    def children(self) -> Mapping[str, Part | None]:
        """List the scorer."""
        return {"scorer": self.scorer}


@dataclass(frozen=True, eq=False)
class VocabHead(Head):
    """Language modelling: scores over the vocabulary for the rows that the batch requests.

    Args:
        width: D.
        vocabulary: V.
        mlp: transform of the rows; none by default.
        bias: whether the scores have a bias.
        tied: whether the token embeddings are the output matrix. They also replace an output matrix of the head's own
            that is absent from the checkpoint.
        scale: factor on the rows before the product.
        softcap: scores become ``softcap * tanh(scores / softcap)``; None for no cap.
        offset: whether a fixed vector, never trained, is added to the scores (BART's ``final_logits_bias``).
        tokens: the trunk's table of token embeddings; set by `Whole`.
    """

    width: int
    vocabulary: int
    _: KW_ONLY
    mlp: Part | None = None
    bias: bool = False
    tied: bool = True
    scale: float = 1.0
    softcap: float | None = None
    offset: bool = False
    tokens: Embedding | None = field(default=None, repr=False)

    def reading(self, tokens: Embedding) -> Self:
        """Return a copy that reads a table of token embeddings; its parts are the same."""
        made = copy(self)
        object.__setattr__(made, "tokens", tokens)
        return made

    def weights(self) -> Mapping[str, Weight]:
        """Return bias and offset; the table is the trunk's."""
        bias = {"bias": Weight((self.vocabulary,), "zeros")} if self.bias and self.tied else {}
        return bias | ({"offset": Weight((1, self.vocabulary), "zeros", trained=False)} if self.offset else {})

    def children(self) -> Mapping[str, Part | None]:
        """Create the transform and, unless it is tied, the output matrix."""
        out = None if self.tied else Linear(self.width, self.vocabulary, self.bias)
        return {"mlp": self.mlp or Identity(), "out": out}


@dataclass(frozen=True, eq=False)
class ShiftedVocabHead(VocabHead):
    """A `VocabHead` whose bias is a part of its own (the later names of DeBERTa's)."""

    def children(self) -> Mapping[str, Part | None]:
        """Create the transform and the bias."""
        return {**super().children(), "shift": Shift(self.vocabulary)}
