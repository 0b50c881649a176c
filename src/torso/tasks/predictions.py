"""What tasks give, vectors apart. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torso.io.shown import Shown
from torso.tasks.extents import Extent, Measured
from torso.tasks.sequence_mixin import Several


@dataclass(frozen=True, slots=True, repr=False)
class Label(Shown, Measured):
    """The label of a text.

    Attributes:
        label: the one with the highest score.
        score: its score.
        scores: every label's, in the order of the model: probabilities that sum to 1; of a model for several labels at
            once, each label's own probability; of a regression, the number itself.
        extent: how much of the text was read.
    """

    label: str
    score: float
    scores: Mapping[str, float]
    extent: Extent


@dataclass(frozen=True, slots=True, repr=False)
class Span(Shown):
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


@dataclass(frozen=True, slots=True, repr=False)
class Tagged(Shown, Measured, Several[Span]):
    """The labelled parts of a text, in order; iterates as them.

    Attributes:
        text: the text as it was given.
        spans: its parts, which never overlap.
        extent: how much of the text was read.
    """

    text: str
    spans: tuple[Span, ...]
    extent: Extent

    @property
    def _parts(self) -> tuple[Span, ...]:
        return self.spans


@dataclass(frozen=True, slots=True, repr=False)
class Fill(Shown):
    """One proposal for a mask.

    Attributes:
        token: the token as text, such as " cat" or "##s", as the reference library shows it; the vocabulary's entry
            where it is a part of a character.
        score: its probability among the whole vocabulary.
        text: the text with this mask replaced by it, and other masks left.
        id: its number in the vocabulary.
    """

    token: str
    score: float
    text: str
    id: int


@dataclass(frozen=True, slots=True, repr=False)
class Filled(Shown, Measured, Several[tuple[Fill, ...]]):
    """The proposals for every mask of a text; iterates as one tuple of proposals per mask.

    Attributes:
        text: the text as it was given.
        masks: for each mask in order, its proposals, the likeliest first. Each mask is judged with the others unknown.
        extent: how much of the text was read.
    """

    text: str
    masks: tuple[tuple[Fill, ...], ...]
    extent: Extent

    @property
    def _parts(self) -> tuple[tuple[Fill, ...], ...]:
        return self.masks


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Shown):
    """A part of a text that answers a question.

    Attributes:
        text: the characters themselves, always ``original[start:end]``; empty for "it is not in the text".
        start: first character.
        end: one past the last character.
        score: its probability: of its start times of its end, added up over the places where the same words stand.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, repr=False)
class Answered(Shown, Measured, Several[Answer]):
    """The answers to a question, the likeliest first; iterates as them.

    Attributes:
        question: as it was given.
        text: where they were looked for.
        answers: at most as many as were asked for; none where the text has no words.
        extent: how much of question and text was read.
    """

    question: str
    text: str
    answers: tuple[Answer, ...]
    extent: Extent

    @property
    def _parts(self) -> tuple[Answer, ...]:
        return self.answers


@dataclass(frozen=True, slots=True, repr=False)
class Chosen(Shown, Measured):
    """The likeliest of a question's alternatives.

    Attributes:
        question: as it was given.
        choice: the alternative.
        index: its place among them.
        score: its probability.
        scores: of all of them, in the order given.
        extent: how much of the question was read with the longest alternative.
    """

    question: str
    choice: str
    index: int
    score: float
    scores: tuple[float, ...]
    extent: Extent


@dataclass(frozen=True, slots=True, repr=False)
class Match(Shown):
    """A text that was compared with a query.

    Attributes:
        text: as it was given.
        index: its place among the texts.
        score: how well it fits: the more, the better.
    """

    text: str
    index: int
    score: float


@dataclass(frozen=True, slots=True, repr=False)
class Ranked(Shown, Several[Match]):
    """Texts in the order in which they fit a query; iterates as them.

    Attributes:
        query: as it was given.
        matches: the best first.
        measure: what the scores are: ``cosine``, ``dot``, ``euclidean`` or ``manhattan`` (distances below zero) of
            vectors; of a cross-encoder ``sigmoid``, ``logit``, or the activation that its files name.
    """

    query: str
    matches: tuple[Match, ...]
    measure: str

    @property
    def _parts(self) -> tuple[Match, ...]:
        return self.matches


@dataclass(frozen=True, slots=True, repr=False)
class Hit(Shown):
    """A passage of a folder that fits a query.

    Attributes:
        file: its path within the folder, with ``/`` between the parts.
        text: the characters themselves, always ``original[start:end]`` of the file.
        start: first character.
        end: one past the last character.
        score: how well it fits: the more, the better.
    """

    file: str
    text: str
    start: int
    end: int
    score: float
