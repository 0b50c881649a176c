"""Texts to encodings: one, a list or an endless iterator, each held to the length that the model takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, Literal, TypeVar, cast

from torso.errors import InputError, InputTypeError, TooLongError
from torso.text import Encoding, Tokenizer
from torso.text.inputs import checked_text

Long = Literal["error", "truncate"]
Text = str | tuple[str, str]
Result = TypeVar("Result")

_CHUNK = 512
"""Texts of an iterator that are tokenized together."""


@dataclass(frozen=True, slots=True)
class Read(Encoding):
    """An encoding that remembers its text, and whether only the text's beginning is in it."""

    text: Text
    truncated: bool

    @classmethod
    def of(cls, text: Text, encoding: Encoding, *, truncated: bool = False) -> Read:
        """``encoding`` of ``text``."""
        own = {each.name: getattr(encoding, each.name) for each in fields(Encoding)}
        return cls(**own, text=text, truncated=truncated)

    @property
    def string(self) -> str:
        """The text, where it is one and not a pair."""
        return self.text if isinstance(self.text, str) else self.text[0]


def predict(texts: Any, one: Callable[[Iterable[Text]], Iterator[Result]]) -> Any:
    """What ``one`` gives of the texts, in the form they came in: alone, as a list, or as an iterator.

    Raises:
        InputTypeError: E_TEXT for what is no text; for a tuple, which could be a pair or two texts.
    """
    if isinstance(texts, str):
        return next(one([texts]))
    if isinstance(texts, tuple):
        raise InputTypeError(
            "E_TEXT",
            "A tuple could mean one pair or several texts.",
            cure="For one pair write [(first, second)]; for several texts, a list.",
        )
    if isinstance(texts, Sequence):
        return list(one(cast("Sequence[Text]", texts)))
    if isinstance(texts, Iterator):
        return one(cast("Iterator[Text]", texts))
    raise InputTypeError(
        "E_TEXT",
        "The texts are {kind}.",
        cure="Pass a string, a list of strings, or an iterator of them.",
        values=dict(kind=type(texts).__name__),
    )


def read(
    texts: Iterable[Text],
    tokenizer: Tokenizer,
    *,
    limit: int | None,
    long: Long,
    change: Callable[[str], str] = str,
    pairs: bool = True,
) -> Iterator[Read]:
    """The encoding of each text. A sequence is read and checked whole before the first one comes out.

    Args:
        texts: strings and pairs.
        tokenizer: the model's.
        limit: tokens that the model takes; None for no limit.
        long: what is done with a longer text: ``error``, or ``truncate`` to its beginning.
        change: applied to each string first.
        pairs: whether pairs are texts here.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_EMPTY_TEXT for a text without a single token; E_ARGUMENT for another ``long``.
        InputTypeError: E_TEXT.
    """
    if long not in ("error", "truncate"):
        raise InputError(
            "E_ARGUMENT",
            "long is {value!r}; it must be {known}.",
            cure='Leave it out to refuse texts that are too long, or keep their beginning: long="truncate".',
            values=dict(value=long, known='"error", "truncate"'),
        )
    if isinstance(texts, Sequence):
        return iter(_read(texts, 0, tokenizer, limit, long, change, pairs))
    return _stream(texts, tokenizer, limit, long, change, pairs)


def _stream(
    texts: Iterable[Text],
    tokenizer: Tokenizer,
    limit: int | None,
    long: Long,
    change: Callable[[str], str],
    pairs: bool,
) -> Iterator[Read]:
    source, start = iter(texts), 0
    while chunk := list(islice(source, _CHUNK)):
        yield from _read(chunk, start, tokenizer, limit, long, change, pairs)
        start += len(chunk)


def _read(
    texts: Sequence[Text],
    start: int,
    tokenizer: Tokenizer,
    limit: int | None,
    long: Long,
    change: Callable[[str], str],
    pairs: bool,
) -> list[Read]:
    changed = [_changed(text, start + index, change, pairs) for index, text in enumerate(texts)]
    done: list[Read] = []
    for index, encoding in enumerate(tokenizer.encodings(changed)):
        if not encoding.ids:
            raise InputError(
                "E_EMPTY_TEXT",
                "Text {index} has no tokens, so there is nothing to run.",
                cure="Leave it out.",
                values=dict(index=start + index),
            )
        too_long = limit is not None and len(encoding) > limit
        if too_long and long == "error":
            raise TooLongError(
                "E_TOO_LONG",
                "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.",
                cure='Shorten it, or keep its first {limit} tokens: long="truncate" (--long truncate).',
                values=dict(index=start + index, size=len(encoding), limit=limit),
            )
        kept = _cut(changed[index], tokenizer, limit) if too_long else encoding
        done.append(Read.of(texts[index], kept, truncated=too_long))
    return done


def _changed(text: Text, index: int, change: Callable[[str], str], pairs: bool) -> Text:
    # Whether a pair holds two strings is the tokenizer's to say.
    checked = checked_text(text, index) if not (pairs and isinstance(text, tuple)) else text
    return change(checked) if isinstance(checked, str) else checked


def _cut(text: Text, tokenizer: Tokenizer, limit: int | None) -> Encoding:
    one, other = (text, None) if isinstance(text, str) else text
    return tokenizer(one, other, truncation=True, max_length=limit).encodings[0]
