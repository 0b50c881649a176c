"""Texts to encodings: one, a list or an endless iterator, each held to the length that the model takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import (
    Callable,
    Collection,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    Set,
)
from dataclasses import replace
from typing import Any, TypeVar, cast

from torso.engines.prefetch import prefetch
from torso.errors import InputError, InputTypeError
from torso.io.shown import ShownList
from torso.tasks.windows import EncodedText, LengthPolicy, Text, fitted
from torso.text import Tokenizer
from torso.text.input_checks import checked_text

Result = TypeVar("Result")

_CHUNK = 256
"""Texts that are tokenized together."""

_CHUNK_CHARACTERS = 1 << 15
"""Characters after which a chunk ends: what bounds the memory over an endless iterator of long texts."""

_DEPTH = 8
"""Chunks that are tokenized ahead, while the model runs."""

_WHOLE = 1 << 13
"""Texts of a list up to which all of them are kept tokenized; the encodings of more would outweigh the texts."""


def predict(texts: Any, one: Callable[[Iterable[Any]], Iterator[Result]]) -> Any:
    """Return what ``one`` gives of the texts, in the form they came in: alone, as a list, or as an iterator.

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
    if isinstance(texts, Iterator):
        return one(cast("Iterator[Any]", texts))
    if (several := as_list(texts)) is not None:
        return ShownList(one(several))
    raise InputTypeError(
        "E_TEXT",
        "The texts are {kind}.",
        cure="Pass a string; a list, array, Series or column of strings; or an iterator of them.",
        values=dict(kind=type(texts).__name__),
    )


def as_list(texts: Any) -> list[Any] | None:
    """Return a sequence, an array, a column of a table or a view of a dict as a list; None for anything else.

    An array [N, 2] is pairs. Sets have no order in which results could be given, and are none.
    """
    kind = cast("type[object]", type(texts))
    if issubclass(kind, (str, bytes, bytearray, Mapping, Set)) and not issubclass(kind, (KeysView, ItemsView)):
        return None
    if isinstance(texts, Sequence):
        return list(cast("Sequence[Any]", texts))
    # NumPy, pandas, Arrow and polars, known by what they offer, so that none of them is imported.
    for name in ("to_pylist", "tolist", "to_list"):
        if callable(made := getattr(texts, name, None)):
            values = made()
            if not isinstance(values, list):
                return None
            listed = cast("list[Any]", values)
            pairs = getattr(texts, "ndim", 1) == 2
            return [tuple(cast("list[Any]", each)) for each in listed] if pairs else listed
    return list(cast("Collection[Any]", texts)) if isinstance(texts, Collection) else None


def read(
    texts: Iterable[Text],
    tokenizer: Tokenizer,
    policy: LengthPolicy,
    *,
    change: Callable[[str], str] = str,
    pairs: bool = True,
    place: Callable[[int], int] = int,
) -> Iterator[EncodedText]:
    """Return the encoding of each text, or of each of its windows, made in a thread while those before it are used.

    Of a sequence that must not hold a text that is too long, every text is looked at before the first one comes out.

    Args:
        texts: strings and pairs.
        tokenizer: the model's.
        policy: what is done with texts that are too long.
        change: applied to each string first.
        pairs: whether pairs are texts here.
        place: what messages call the place of a text, of its number among ``texts``.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_EMPTY_TEXT for a text without a single token.
        InputTypeError: E_TEXT.
    """
    if not isinstance(texts, Sequence):
        return _stream(texts, _Reader(tokenizer, policy, change, pairs, place, nothing_ran=False))
    reader = _Reader(tokenizer, policy, change, pairs, place, nothing_ran=True)
    if len(texts) <= _WHOLE:
        return iter([each for chunk in _chunks(texts) for each in reader.read(chunk)])
    for chunk in _chunks(texts):
        reader.read(chunk)
    return _stream(texts, reader)


def read_groups(
    groups: Iterable[Sequence[Text]],
    tokenizer: Tokenizer,
    policy: LengthPolicy,
    *,
    change: Callable[[str], str] = str,
    by_group: bool = True,
) -> Iterator[EncodedText]:
    """As `read`, of texts that make one result together: a question with each of its alternatives.

    Args:
        groups: the texts of each result, at least one.
        tokenizer: as in `read`.
        policy: as in `read`.
        change: as in `read`.
        by_group: whether messages call a text by the place of its group, or by its place in the group.
    """
    starts: list[int] = []
    sizes: list[int] = []

    def texts() -> Iterator[Text]:
        count = 0
        for group in groups:
            starts.append(count)
            sizes.append(len(group))
            count += len(group)
            yield from group

    def place(number: int) -> int:
        index = bisect_right(starts, number) - 1
        return index if by_group else number - starts[index]

    def together() -> Iterator[EncodedText]:
        number = 0
        for each in encoded:
            yield replace(each, together=sizes[bisect_right(starts, number) - 1])
            number += each.last

    every = list(texts()) if isinstance(groups, Sequence) else texts()
    encoded = read(every, tokenizer, policy, change=change, place=place)
    return together()


def _stream(texts: Iterable[Text], reader: _Reader) -> Iterator[EncodedText]:
    for chunk in prefetch(_chunks(texts), reader.read, depth=_DEPTH):
        yield from chunk


def _chunks(texts: Iterable[Text]) -> Iterator[tuple[int, list[Text]]]:
    start, chunk, characters = 0, list[Text](), 0
    for text in texts:
        chunk.append(text)
        characters += len(text) if isinstance(text, str) else 0
        if len(chunk) == _CHUNK or characters >= _CHUNK_CHARACTERS:
            yield start, chunk
            start, chunk, characters = start + len(chunk), [], 0
    if chunk:
        yield start, chunk


class _Reader:
    """What makes encodings of a chunk of texts."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        policy: LengthPolicy,
        change: Callable[[str], str],
        pairs: bool,
        place: Callable[[int], int],
        *,
        nothing_ran: bool,
    ) -> None:
        self.tokenizer, self.policy, self.change, self.pairs, self.place = tokenizer, policy, change, pairs, place
        self.nothing_ran = nothing_ran

    def read(self, chunk: tuple[int, list[Text]]) -> list[EncodedText]:
        """Return the encodings of texts, the first of which has the place given."""
        start, texts = chunk
        changed = [self._changed(text, start + index) for index, text in enumerate(texts)]
        try:
            encodings = self.tokenizer.encodings(changed)
        except InputError as error:
            number = error.values.get("index")
            if isinstance(number, int):  # it counted from the beginning of the chunk
                error.values["index"] = self.place(start + number)
            raise
        encoded: list[EncodedText] = []
        for number, encoding in enumerate(encodings):
            place = self.place(start + number)
            encoded += fitted(
                texts[number], changed[number], encoding, place, self.tokenizer, self.policy, self.nothing_ran
            )
        return encoded

    def _changed(self, text: Text, index: int) -> Text:
        if self.pairs and isinstance(text, tuple) and len(text) == 2:
            return self.change(checked_text(text[0], index)), self.change(checked_text(text[1], index))
        return self.change(checked_text(text, index))
