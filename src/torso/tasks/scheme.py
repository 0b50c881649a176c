"""From a label per token to labelled parts of the text: the B-I-E-S family, and plain labels. Loads no torch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from torso.tasks.predictions import Span

_PLACES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S", "O": "O"}
_JOINT = re.compile(r"([BIMELSUW])[-_](.+)")


@dataclass(frozen=True, slots=True)
class Tag:
    """A label taken apart: its place in a span (B, I, E, S, O for outside, empty for plain labels), and the span's."""

    place: str
    kind: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a model's labels divide a text.

    ``B-PER`` begins a span, ``I`` (or ``M``) continues it, ``E`` (or ``L``) ends it, ``S`` (``U``, ``W``) is one by
    itself, ``O`` is outside. Where labels mark ends, places alone decide and a span has the kind of its first label;
    where they do not, another kind begins another span. Plain labels with an ``O`` name things, so that equal ones
    side by side are one; plain labels without an ``O`` say something of every word by itself.

    Attributes:
        tags: the labels, in the order of the model.
        ends: whether labels mark ends.
        merges: whether equal plain labels side by side are one span.
    """

    tags: tuple[Tag, ...]
    ends: bool
    merges: bool

    @classmethod
    def of(cls, labels: Sequence[str]) -> Scheme:
        """The scheme of a model's labels."""
        joint = [_JOINT.fullmatch(label) for label in labels]
        if any(joint):
            tags = tuple(
                Tag(_PLACES[found[1]], found[2]) if found else Tag("O" if label == "O" else "", label)
                for label, found in zip(labels, joint, strict=True)
            )
        elif {"B"} < set(labels) <= _PLACES.keys():
            tags = tuple(Tag(_PLACES[label], "") for label in labels)
        else:
            tags = tuple(Tag("O" if label == "O" else "", label) for label in labels)
        places = {tag.place for tag in tags}
        return cls(tags, bool(places & {"E", "S"}), "O" in places)

    def begins(self, before: Tag | None, tag: Tag) -> bool:
        """Whether a span begins at ``tag``, which is not outside, after ``before``."""
        if before is None or before.place == "O" or tag.place in ("B", "S") or before.place in ("E", "S"):
            return True
        if tag.place == "" or before.place == "":
            return not self.merges or tag != before
        return not self.ends and tag.kind != before.kind


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never divided: a word, or a single character of a script written without spaces."""

    start: int
    end: int
    label: int
    score: float


def units(text: str, spans: Sequence[tuple[int, int]], labels: Sequence[int], scores: Sequence[float]) -> list[Unit]:
    """The units of a text, each with the label and score of its first token.

    Pieces of one word ("Wash", "##ington") are trained by their first piece alone in most taggers, and no name ends
    inside a word; Chinese characters each stand by themselves.

    Args:
        text: the original.
        spans: characters of each token; empty ones are left out.
        labels: index of each token's label.
        scores: probability of that label.
    """
    made: list[Unit] = []
    for (start, end), label, score in zip(spans, labels, scores, strict=True):
        while start < end and text[start].isspace():  # byte-level tokens hold the space before a word
            start += 1
        if start == end:
            continue
        if made and start <= made[-1].end and _inside_word(text, start):
            last = made[-1]
            made[-1] = Unit(last.start, max(end, last.end), last.label, last.score)
        else:
            made.append(Unit(start, end, label, score))
    return made


def _inside_word(text: str, at: int) -> bool:
    return at > 0 and all(
        mark.isalnum() and unicodedata.east_asian_width(mark) not in ("W", "F") for mark in text[at - 1 : at + 1]
    )


def decode(text: str, pieces: Sequence[Unit], scheme: Scheme) -> tuple[Span, ...]:
    """The spans that labelled units tell, in order, each ``text[start:end]``."""
    groups: list[tuple[str, list[Unit]]] = []
    before: Tag | None = None
    for unit in pieces:
        tag = scheme.tags[unit.label]
        if tag.place != "O":
            if scheme.begins(before, tag):
                groups.append((tag.kind, []))
            groups[-1][1].append(unit)
        before = tag
    return tuple(_span(text, kind, group) for kind, group in groups)


def _span(text: str, kind: str, group: Sequence[Unit]) -> Span:
    start, end = group[0].start, group[-1].end
    return Span(text[start:end], start, end, kind, sum(unit.score for unit in group) / len(group))
