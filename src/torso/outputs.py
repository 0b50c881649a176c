"""Outputs of heads. They stay packed: a `Layout` maps rows [T] to sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torso.errors import NotAvailableError, UnsupportedError

if TYPE_CHECKING:
    from torch import Tensor

    from torso.batch import Layout, Pool
    from torso.blocks import Pooling


def _no_rows() -> dict[int, Tensor]:
    return {}


def _no_weights() -> dict[int, list[Tensor]]:
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Hidden states of a trunk.

    Attributes:
        rows: [T, D] of the last layer, after the trunk's final norm if it has one.
        layout: layout of the sequences.
        hidden_states: rows [T, D] of the requested layers; 0 is the embeddings, i the output of block i.
        attentions: per requested block, from 0, one [H, length, length] of attention weights per sequence.
        memory: the encoder's output, for a decoder with cross-attention.
        cross_attentions: per requested block, weights [H, length, source length] of cross-attention per sequence.
        pool: which row of each sequence was computed: ``rows`` are then [N, D], and ``layout`` is theirs; None for all.
    """

    rows: Tensor
    layout: Layout
    hidden_states: Mapping[int, Tensor] = field(default_factory=_no_rows)
    attentions: Mapping[int, list[Tensor]] = field(default_factory=_no_weights)
    memory: Hidden | None = None
    cross_attentions: Mapping[int, list[Tensor]] = field(default_factory=_no_weights)
    pool: Pool | None = None

    def is_pooled(self, pool: Pooling) -> bool:
        """Return whether ``rows`` are the rows that a head pools, and no others.

        Raises:
            UnsupportedError: ``E_ROWS``, if only other rows were computed.
        """
        if self.pool is not None and self.pool != pool:
            raise UnsupportedError(
                "E_ROWS",
                "The batch asks for the {wanted} row of each text alone; this head reads the {pool}.",
                cure="Make the batch with pool=model.head.pool, or leave pool out.",
                values=dict(wanted=self.pool, pool=pool),
            )
        return self.pool is not None


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Output of feature extraction: hidden states, and the pooled output [N, D] if the checkpoint has a pooler."""

    hidden: Hidden
    pooled_or_none: Tensor | None

    @property
    def pooled(self) -> Tensor:
        """Pooled output [N, D].

        Raises:
            NotAvailableError: ``E_NO_POOLER``, if the checkpoint has no pooler; none is ever initialised at random.
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
    """Logits [N, C] of sequence classification."""

    logits: Tensor
    hidden: Hidden


@dataclass(frozen=True, slots=True, eq=False)
class TokenLogits:
    """Logits [T, C] of token classification."""

    logits: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Layout of the sequences."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class ReplacedLogits:
    """Logits [T] of replaced token detection, above 0 for a replaced token."""

    logits: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Layout of the sequences."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class SpanLogits:
    """Start and end logits [T] of extractive question answering."""

    start: Tensor
    end: Tensor
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Layout of the sequences."""
        return self.hidden.layout


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceLogits:
    """Logits [N] of multiple choice, one per alternative; ``sizes`` counts the alternatives of each question."""

    logits: Tensor
    sizes: tuple[int, ...]
    hidden: Hidden


@dataclass(frozen=True, slots=True, eq=False)
class VocabLogits:
    """Logits [R, V] over the vocabulary of the requested ``rows`` [R]; None for all T."""

    logits: Tensor
    rows: Tensor | None
    hidden: Hidden

    @property
    def layout(self) -> Layout:
        """Layout of the sequences."""
        return self.hidden.layout
