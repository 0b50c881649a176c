"""What tasks give. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a text.

    Attributes:
        label: the one with the highest score.
        score: its score.
        scores: every label's, in the order of the model: probabilities that sum to 1; of a model for several labels at
            once, each label's own probability; of a regression, the number itself.
        truncated: whether only the beginning of the text was read.
    """

    label: str
    score: float
    scores: Mapping[str, float]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text with a label: a name, a word with its part of speech.

    Attributes:
        text: the characters themselves, always ``original[start:end]``.
        start: first character.
        end: one past the last character.
        label: without the letter for its place; empty where the model only divides.
        score: mean probability of the labels it was read from.
    """

    text: str
    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Tagged:
    """The labelled parts of a text, in order; iterates as them.

    Attributes:
        text: the text as it was given.
        spans: its parts, which never overlap.
        truncated: whether only the beginning of the text was read.
    """

    text: str
    spans: tuple[Span, ...]
    truncated: bool = False

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, index: int) -> Span:
        return self.spans[index]


@dataclass(frozen=True, slots=True)
class Fill:
    """One proposal for a mask.

    Attributes:
        token: the vocabulary's entry.
        score: its probability among the whole vocabulary.
        text: the text with this mask replaced by it, and other masks left.
    """

    token: str
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The proposals for every mask of a text; iterates as one tuple of proposals per mask.

    Attributes:
        text: the text as it was given.
        masks: for each mask in order, its proposals, the likeliest first. Each mask is judged with the others unknown.
        truncated: whether only the beginning of the text was read.
    """

    text: str
    masks: tuple[tuple[Fill, ...], ...]
    truncated: bool = False

    def __iter__(self) -> Iterator[tuple[Fill, ...]]:
        return iter(self.masks)

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, index: int) -> tuple[Fill, ...]:
        return self.masks[index]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A text as a vector, and all that must be equal for two vectors to be comparable.

    Attributes:
        vector: [D] float32, on the CPU.
        tokens: how many tokens were read.
        pooling: how rows became one, such as ``mean``; joined by ``+`` where several stand side by side.
        normalized: whether its length is 1.
        truncated: whether only the beginning of the text was read.
    """

    vector: Tensor
    tokens: int
    pooling: str
    normalized: bool
    truncated: bool = False
