"""Labelled parts of a text in the ways that the reference library has: tokens, words and entities. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from torso.tasks.predictions import Span

Aggregation = Literal["none", "simple", "first", "average", "max"]
AGGREGATIONS: tuple[Aggregation, ...] = ("none", "simple", "first", "average", "max")

_OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a text.

    Attributes:
        start: first character.
        end: one past the last character.
        scores: probability of each label.
        continues: whether it goes on the word of the token before.
    """

    start: int
    end: int
    scores: Sequence[float]
    continues: bool


@dataclass(frozen=True, slots=True)
class _Labelled:
    start: int
    end: int
    label: int
    score: float


def continues(token: str, text: str, start: int, end: int, *, marked: bool) -> bool:
    """Return whether a token continues a word, as the reference library judges it.

    Args:
        token: the vocabulary's entry.
        text: the original.
        start: its first character there.
        end: one past its last character.
        marked: whether the vocabulary marks such tokens, as WordPiece does: then a token that is longer or shorter than
            its characters is one; else one without a space before it.
    """
    return len(token) != end - start if marked else start > 0 and " " not in text[start - 1 : start + 1]


def aggregate(text: str, pieces: Sequence[Piece], names: Sequence[str], aggregation: Aggregation) -> tuple[Span, ...]:
    """Return the labelled parts of a text, without those labelled ``O``.

    Args:
        text: the original.
        pieces: its tokens.
        names: of the labels.
        aggregation: ``none`` gives each token its label; ``simple`` joins neighbours of one kind; the others first
            give each word one label: that of its ``first`` token, of the token that is surest (``max``), or of the
            ``average``.
    """
    if aggregation in ("none", "simple"):
        found = [_best(piece.start, piece.end, piece.scores) for piece in pieces]
    else:
        found = [_word(word, _WORDS[aggregation]) for word in _words(pieces)]
    parts = [(names[each.label], [each]) for each in found] if aggregation == "none" else _grouped(found, names)
    return tuple(_span(text, label, group) for label, group in parts if label != _OUTSIDE)


def _best(start: int, end: int, scores: Sequence[float]) -> _Labelled:
    label = max(range(len(scores)), key=scores.__getitem__)
    return _Labelled(start, end, label, scores[label])


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    words: list[list[Piece]] = []
    for piece in pieces:
        if words and piece.continues:
            words[-1].append(piece)
        else:
            words.append([piece])
    return words


def _word(word: Sequence[Piece], scores: Callable[[Sequence[Piece]], Sequence[float]]) -> _Labelled:
    return _best(word[0].start, word[-1].end, scores(word))


def _surest(word: Sequence[Piece]) -> Sequence[float]:
    return max(word, key=lambda piece: max(piece.scores)).scores


def _average(word: Sequence[Piece]) -> Sequence[float]:
    return [sum(scores) / len(word) for scores in zip(*(piece.scores for piece in word), strict=True)]


_WORDS: dict[str, Callable[[Sequence[Piece]], Sequence[float]]] = {
    "first": lambda word: word[0].scores,
    "max": _surest,
    "average": _average,
}


def _grouped(found: Sequence[_Labelled], names: Sequence[str]) -> list[tuple[str, list[_Labelled]]]:
    """Group adjacent tokens of one kind; ``B-`` begins a new group."""
    groups: list[tuple[str, list[_Labelled]]] = []
    before: str | None = None
    for each in found:
        name = names[each.label]
        kind = name[2:] if name.startswith(("B-", "I-")) else name
        if kind == before and not name.startswith("B-"):
            groups[-1][1].append(each)
        else:
            groups.append((name.split("-", 1)[-1], [each]))
        before = kind
    return groups


def _span(text: str, label: str, group: Sequence[_Labelled]) -> Span:
    start, end = group[0].start, group[-1].end
    return Span(text[start:end], start, end, label, sum(each.score for each in group) / len(group))


def without_overlaps(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans of overlapping windows: of two that overlap the longer stays, of two as long the likelier."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif (span.end - span.start, span.score) > (kept[-1].end - kept[-1].start, kept[-1].score):
            kept[-1] = span
    return tuple(kept)
