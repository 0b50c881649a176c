"""A long text in portions that a model can read one by one, each of whole sentences. Loads no torch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torso.errors import TooLongError

_CLOSERS = r"[”’」』）)\"']*+"
_SENTENCE = re.compile(  # a run of dots is tried at its first one only, so that a long run takes no quadratic time
    rf"\S(?:[.!?]++{_CLOSERS}(?=\s)|.*?(?:[。！？；…]++{_CLOSERS}|(?<![.!?])[.!?]++{_CLOSERS}(?=\s)|(?=\n)|\Z))",
    re.DOTALL,
)
_LONGEST = 64  # characters of a token, more or less: what need not be tokenized to know that it is too long


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a text.

    Attributes:
        text: its characters, without space around them.
        line: whether it begins a new line of the text.
    """

    text: str
    line: bool


def portions(text: str, size: Callable[[str], int], limit: int, index: int) -> list[Portion]:
    """Split a text into as few chunks of whole sentences as fit; a longer sentence is cut, between words if possible.

    Args:
        text: of any length.
        size: tokens that the model reads of a portion, with all that is put around it.
        limit: tokens that the model reads at most.
        index: the text's place, for messages.

    Raises:
        TooLongError: E_TOO_LONG, where not a single character fits beside what is put around it.
    """
    spans = [part for sentence in _sentences(text) for part in _fitting(text, sentence, size, limit, index)]
    made: list[tuple[int, int]] = []
    for begin, end in spans:
        if made and size(text[made[-1][0] : end]) <= limit:
            made[-1] = (made[-1][0], end)
        else:
            made.append((begin, end))
    before = [0, *(end for _, end in made)]
    return [
        Portion(text[begin:end], "\n" in text[last:begin]) for last, (begin, end) in zip(before, made, strict=False)
    ]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for found in _SENTENCE.finditer(text):
        yield found.start(), found.start() + len(found.group().rstrip())


def _fitting(
    text: str, span: tuple[int, int], size: Callable[[str], int], limit: int, index: int
) -> Iterator[tuple[int, int]]:
    """Yield the sentence, or its parts that fit."""
    begin, end = span
    while end - begin > _LONGEST * limit or size(text[begin:end]) > limit:
        fits, fails = begin, min(end, begin + _LONGEST * limit) + 1
        while fails - fits > 1:
            middle = (fits + fails) // 2
            fits, fails = (middle, fails) if size(text[begin:middle]) <= limit else (fits, middle)
        if fits == begin:
            raise TooLongError(
                "E_TOO_LONG",
                "Text {index}: what stands around it leaves no room in the {limit} tokens that this model takes.",
                cure="Shorten the prefix that the model's files put before each text.",
                values=dict(index=index, limit=limit),
            )
        space = max(text.rfind(mark, begin, fits) for mark in " \t\u3000")
        cut = space if space > begin else fits
        yield begin, begin + len(text[begin:cut].rstrip())
        begin = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    yield begin, end


def joined(texts: Sequence[str], portions: Sequence[Portion]) -> str:
    """Join the outputs of chunks: by lines where the chunks had them, else by spaces where the script uses them."""
    whole = ""
    for text, portion in zip(texts, portions, strict=True):
        text = text.strip()
        if whole and text:
            whole += "\n" if portion.line else "" if _spaceless(whole[-1]) or _spaceless(text[0]) else " "
        whole += text
    return whole


def _spaceless(mark: str) -> bool:
    """Return whether a character is of a script, or one of its marks, that is written without spaces."""
    return unicodedata.east_asian_width(mark) in "WF" and unicodedata.category(mark) != "So"
