"""What heads give. Rows [T] stay rows: a `Layout` says which belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torso.errors import NotAvailableError

if TYPE_CHECKING:
    from torch import Tensor

    from torso.batch import Layout, Pool


def _no_rows() -> dict[int, Tensor]:
    return {}


def _no_weights() -> dict[int, list[Tensor]]:
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Hidden states of a trunk.

    Attributes:
        rows: [T, D] of the last layer, after the trunk's final norm if it has one.
        layout: where the sequences lie.
        hidden_states: rows [T, D] of the layers asked for; 0 is the embeddings, i the output of block i.
        attentions: per block asked for, from 0, one [H, length, length] of attention weights per sequence.
        memory: of a decoder, what its encoder gave.
        cross_attentions: of a decoder, per block asked for, its weights [H, length, source length] over the source.
        only: the one row of each sequence that was computed: ``rows`` are [N, D] then, and ``layout`` is theirs.
    """

    rows: Tensor
    layout: Layout
    hidden_states: Mapping[int, Tensor] = field(default_factory=_no_rows)
    attentions: Mapping[int, list[Tensor]] = field(default_factory=_no_weights)
    memory: Hidden | None = None
    cross_attentions: Mapping[int, list[Tensor]] = field(default_factory=_no_weights)
    pool: Pool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A model without a task: hidden states, and the pooled output [N, D] where the checkpoint holds a pooler."""

    hidden: Hidden
    pooled_or_none: Tensor | None

    @property
    def pooled(self) -> Tensor:
        """[N, D] pooled output.

        Raises:
            NotAvailableError: ``E_NO_POOLER``, if the checkpoint holds no pooler; it is never made up.
        """
        if self.pooled_or_none is None:
            raise NotAvailableError(
                "E_NO_POOLER",
                "This checkpoint holds no pooler, so there is no pooled output.",
                cure="Use the rows of the last hidden state: the first token's, or their mean.",
            )
        return self.pooled_or_none


@dataclass(frozen=True, slots=True, eq=False)
class SequenceLogits:
    """One row of scores per sequence: logits [N, C]."""

    logits: Tensor
    hidden: Hidden


@dataclass(frozen=True, slots=True, eq=False)
class TokenLogits:
    """One row of scores per token: logits [T, C]."""

    logits: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Where the sequences lie."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class ReplacedLogits:
    """One score per token, above 0 for one that was replaced: logits [T]."""

    logits: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Where the sequences lie."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class SpanLogits:
    """Scores of each token as start and as end of an answer: start and end [T]."""

    start: Tensor
    end: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Where the sequences lie."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceLogits:
    """One score per alternative: logits [N]; ``sizes`` tells how many alternatives each question has."""

    logits: Tensor
    sizes: tuple[int, ...]
    hidden: Hidden


@dataclass(frozen=True, slots=True, eq=False)
class VocabLogits:
    """Scores over the vocabulary: logits [R, V] for the R rows asked for; ``rows`` [R] names them, None for all."""

    logits: Tensor
    rows: Tensor | None
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Where the sequences lie."""
        return self.hidden.layout
