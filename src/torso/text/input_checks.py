"""Input checks for texts: each error names the index of the wrong item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torso.errors import InputError, InputTypeError, LimitError

TEXT_LIMIT = 10_000_000  # characters of one text

Text = str | Sequence[str]
Texts = Sequence[str] | Sequence[Sequence[str]] | Sequence[tuple[str, str]]


def checked_text(text: object, index: int | None = None) -> str:
    """Return ``text`` if it is a valid text.

    Args:
        text: what was passed.
        index: its index in its list; None where it was passed alone.

    Raises:
        InputTypeError: E_TEXT for anything but a string.
        LimitError: E_LIMIT for more than `TEXT_LIMIT` characters.
    """
    if not isinstance(text, str):
        raise _no_text(text, index)
    if len(text) > TEXT_LIMIT:
        raise LimitError(
            "E_LIMIT",
            "Text {index} has {length} characters; at most {limit} are tokenized at once.",
            cure="Cut it into parts, at paragraphs for instance.",
            values=dict(index=index or 0, length=len(text), limit=TEXT_LIMIT),
        )
    return text


def _no_text(value: object, index: int | None) -> InputTypeError:
    values = dict(index=index, kind=type(value).__name__)
    missing = value is None or (isinstance(value, float) and value != value)  # NaN, in a table
    if index is None:
        return InputTypeError(
            "E_TEXT",
            "The text is {kind}, not a string.",
            cure="Pass a string, or a list of strings.",
            values=values | {"kind": "None" if missing else values["kind"]},
        )
    if missing:
        return InputTypeError(
            "E_TEXT",
            "Text {index} is None (a missing value?).",
            cure="Leave it out, or put an empty string in its place.",
            values=values,
        )
    return InputTypeError(
        "E_TEXT",
        "Text {index} is {kind}, not a string.",
        cure="Pass strings; a tokenizer takes text already split into words with is_split_into_words=True.",
        values=values,
    )


def checked_words(words: object, index: int | None = None) -> list[str]:
    """Return ``words`` if it is a list of strings.

    Raises:
        InputTypeError: E_TEXT for anything else.
        LimitError: E_LIMIT for more than `TEXT_LIMIT` characters in all.
    """
    if isinstance(words, str) or not isinstance(words, Sequence):
        raise InputTypeError(
            "E_TEXT",
            "Text {index} is {kind}, not a list of words.",
            cure="Pass a list of strings, one for each word.",
            values=dict(index=index or 0, kind=type(words).__name__),
        )
    items = cast("Sequence[object]", words)
    checked = [checked_text(word, place) for place, word in enumerate(items)]
    if sum(map(len, checked)) > TEXT_LIMIT:
        checked_text(" ".join(checked), index)
    return checked


def is_batch(text: object, *, words: bool) -> bool:
    """Return whether a list of texts was passed, and not one text.

    Raises:
        InputTypeError: E_TEXT for anything that is neither.
    """
    if isinstance(text, str):
        return False
    items = _sequence(text)
    return not words or (bool(items) and not isinstance(items[0], str))


def checked_pairs(text: object, pair: object, *, single: bool = False) -> tuple[list[str], list[str] | None]:
    """Return the first texts, and the second ones if any, of a batch of texts; ``single`` if one was passed alone."""
    texts = _sequence(text)
    if pair is None and texts and isinstance(texts[0], (tuple, list)):
        return _unzipped(texts)
    if single:
        return [checked_text(texts[0])], None if pair is None else [checked_text(_sequence(pair)[0])]
    first = [checked_text(item, index) for index, item in enumerate(texts)]
    if pair is None:
        return first, None
    seconds = _as_long(pair, len(first))
    return first, [checked_text(item, index) for index, item in enumerate(seconds)]


def checked_mixture(texts: object) -> list[tuple[str, str | None]]:
    """Return texts and pairs from one list, each as a pair whose second may be None."""
    mixture: list[tuple[str, str | None]] = []
    for index, item in enumerate(_sequence(texts)):
        if isinstance(item, (tuple, list)) and len(cast("list[object]", item)) == 2:
            one, other = cast("list[object]", item)
            mixture.append((checked_text(one, index), checked_text(other, index)))
        else:
            mixture.append((checked_text(cast("object", item), index), None))
    return mixture


def checked_word_pairs(text: object, pair: object) -> tuple[list[list[str]], list[list[str]] | None]:
    """Return the first texts, and the second ones if any, of a batch of texts split into words."""
    first = [checked_words(item, index) for index, item in enumerate(_sequence(text))]
    if pair is None:
        return first, None
    seconds = _as_long(pair, len(first))
    return first, [checked_words(item, index) for index, item in enumerate(seconds)]


def _unzipped(items: Sequence[object]) -> tuple[list[str], list[str]]:
    first: list[str] = []
    second: list[str] = []
    for index, item in enumerate(items):
        match item:
            case (str() as one, str() as other):
                first.append(checked_text(one, index))
                second.append(checked_text(other, index))
            case _:
                raise InputTypeError(
                    "E_TEXT",
                    "Text {index} is not a pair of two strings, as text 0 is.",
                    cure="Pass pairs only; for text already split into words, say is_split_into_words=True.",
                    values=dict(index=index),
                )
    return first, second


def _as_long(pair: object, count: int) -> Sequence[object]:
    seconds = _sequence(pair)
    if len(seconds) != count:
        raise InputError(
            "E_TEXT",
            "There are {first} first texts and {second} second texts.",
            cure="Pass as many second texts as first ones.",
            values=dict(first=count, second=len(seconds)),
        )
    return seconds


def _sequence(value: object) -> Sequence[object]:
    """Return a sequence of items: a list, tuple or the like, an array or a column as a list; strings are refused."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return cast("Sequence[object]", value)
    listed = getattr(value, "tolist", None)
    made: object = listed() if callable(listed) else None
    if isinstance(made, list):
        return cast("list[object]", made)
    raise _no_text(value, None)


def surrogate_fault(texts: Sequence[str]) -> InputError | None:
    """Return the error for a text with half of a surrogate pair, which no UTF-8 can hold; None if it has none."""
    for index, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return InputError(
                "E_TEXT",
                "Text {index} holds half of a surrogate pair at character {place}.",
                cure='Decode it again, or drop it: text.encode("utf-8", "ignore").decode()',
                values=dict(index=index, place=error.start),
            )
    return None
