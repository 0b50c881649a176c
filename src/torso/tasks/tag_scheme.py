"""From a label per token to labelled parts of the text: the B-I-E-S family, and plain labels. Loads no torch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from torso.tasks.predictions import Span

_PLACES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S", "O": "O"}
_MARKS = "BIMELSUWbimelsuw"
_PREFIX = re.compile(rf"(?P<mark>[{_MARKS}])[-_](?P<kind>.+)", re.DOTALL)
_SUFFIX = re.compile(rf"(?P<kind>.+)[-_](?P<mark>[{_MARKS}])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tag:
    """A label taken apart: its place in a span (B, I, E, S, O for outside, empty for plain labels), and the span's."""

    place: str
    kind: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a model's labels divide a text.

    ``B-PER`` begins a span, ``I`` (or ``M``) continues it, ``E`` (or ``L``) ends it, ``S`` (``U``, ``W``) is one by
    itself, ``O`` is outside. The mark may also stand at the end (``PER-B``), and be in lower case. A letter before a
    hyphen or an underscore is a mark only where the labels have a ``B`` or an ``I`` of the same kind: ``E-MAIL`` and
    ``F_NAME`` are plain. Where labels mark ends, places alone decide and a span has the kind of its first label;
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
        """Return the scheme of a model's labels."""
        marked = _marked(labels)
        letters = {label.upper() for label in labels}
        if any(marked):
            lower = not any(each and each[0].isupper() for each in marked)
            outside = ("O", "o") if lower else ("O",)
            tags = tuple(
                Tag(_PLACES[found[0].upper()], found[1]) if found else Tag("O" if label in outside else "", label)
                for label, found in zip(labels, marked, strict=True)
            )
        elif {"B"} < letters <= _PLACES.keys() and len(letters) == len(set(labels)):
            tags = tuple(Tag(_PLACES[label.upper()], "") for label in labels)
        else:
            tags = tuple(Tag("O" if label == "O" else "", label) for label in labels)
        places = {tag.place for tag in tags}
        return cls(tags, bool(places & {"E", "S"}), "O" in places)

    def begins(self, before: Tag | None, tag: Tag) -> bool:
        """Return whether a span begins at ``tag``, which is not outside, after ``before``."""
        if before is None or before.place == "O" or tag.place in ("B", "S") or before.place in ("E", "S"):
            return True
        if tag.place == "" or before.place == "":
            return not self.merges or tag != before
        return not self.ends and tag.kind != before.kind


def _marked(labels: Sequence[str]) -> list[tuple[str, str] | None]:
    """Return the mark and the kind of each label; None for those that have none."""
    begun = _split(labels, _PREFIX)
    kinds = {kind for mark, kind in filter(None, begun) if mark.upper() in "BI"}
    # Where spans of several words have marks of their own, a kind may be of single words alone: S-r, never B-r.
    whole = {kind for mark, kind in filter(None, begun) if mark.upper() == "B"}
    alone = any(mark.upper() in "ELSUW" and kind in whole for mark, kind in filter(None, begun))
    marked = [each if each and (each[1] in kinds or (alone and each[0].upper() in "SUW")) else None for each in begun]
    if any(marked):
        return marked
    # An ending such as the B of "Type_B" is a mark only where every label ends so, and the spans it begins go on.
    ended = _split(labels, _SUFFIX)
    places: dict[str, set[str]] = {}
    for mark, kind in filter(None, ended):
        places.setdefault(kind, set()).add(_PLACES[mark.upper()])
    plain = [label for label, found in zip(labels, ended, strict=True) if found is None]
    if set(plain) <= {"O", "o"} and any({"B", "I"} <= each or {"B", "E"} <= each for each in places.values()):
        return ended
    return [None] * len(labels)


def _split(labels: Sequence[str], form: re.Pattern[str]) -> list[tuple[str, str] | None]:
    found = [form.fullmatch(label) for label in labels]
    return [(each["mark"], each["kind"]) if each else None for each in found]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never divided: a word, or a token of a script written without spaces."""

    start: int
    end: int
    label: int
    score: float


def units(text: str, spans: Sequence[tuple[int, int]], labels: Sequence[int], scores: Sequence[float]) -> list[Unit]:
    """Return the units of a text, each with the label and score of its first token.

    Pieces of one word ("Wash", "##ington") are trained by their first piece alone in most taggers, and no name ends
    inside a word. Vowel signs, accents and other combining marks belong to the letter before them, also where the
    tokenizer drops them. In scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each
    token stands by itself, so that a clause is not taken for a word.

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
        end = _with_marks(text, end)
        if made and start <= made[-1].end and _inside_word(text, start):
            last = made[-1]
            made[-1] = Unit(last.start, max(end, last.end), last.label, last.score)
        else:
            made.append(Unit(start, end, label, score))
    return made


_UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),  # Thai and Lao, Burmese
    *((0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0xAA80, 0xAADF)),  # Khmer, Tai Le, Tai Lue, Tai Tham, Viet
    *((0x1B00, 0x1B7F), (0xA980, 0xA9DF), (0xFF66, 0xFF9F)),  # Balinese, Javanese, half-width kana
)
"""Scripts without spaces between words, beside the wide characters of East Asia."""

_JOINERS = "\u00ad\u200c\u200d\u2060"  # a soft hyphen, and what joins or parts letters within a word
_VOICED = "\uff9e\uff9f"  # half-width sound marks are letters by their category


def _is_mark(mark: str) -> bool:
    return unicodedata.category(mark).startswith("M") or mark in _VOICED


def _is_spaced(mark: str) -> bool:
    """Return whether it is a letter or a digit of a script that has spaces between words."""
    if not mark.isalnum() or unicodedata.east_asian_width(mark) in ("W", "F"):
        return False
    return not any(first <= ord(mark) <= last for first, last in _UNSPACED)


def _with_marks(text: str, end: int) -> int:
    """Return where a token ends with the marks and joiners that follow it, which the tokenizer may have dropped."""
    at = end
    while at < len(text) and (_is_mark(text[at]) or text[at] in _JOINERS):
        at += 1
    while at > end and text[at - 1] in _JOINERS and not (at < len(text) and text[at].isalnum()):
        at -= 1
    return at


def _inside_word(text: str, at: int) -> bool:
    """Return whether a word goes on from the character before ``at`` to the one there."""
    if at == 0 or text[at - 1].isspace():
        return False
    if _is_mark(text[at]):
        return True
    base = at - 1
    while base > 0 and (_is_mark(text[base]) or text[base] in _JOINERS):
        base -= 1
    after = at
    while after < len(text) - 1 and text[after] in _JOINERS:
        after += 1
    return _is_spaced(text[base]) and _is_spaced(text[after])


def decode(text: str, pieces: Sequence[Unit], scheme: Scheme) -> tuple[Span, ...]:
    """Decode labelled units into spans, in order, each ``text[start:end]``."""
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
