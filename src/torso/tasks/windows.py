"""What is done with texts that are longer than a model takes. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from torso.errors import InputError, TooLongError
from torso.tasks.argument_checks import at_least
from torso.tasks.extents import Extent
from torso.text import Encoding

if TYPE_CHECKING:
    from torso.text import Tokenizer

Long = Literal["error", "truncate", "window"]
Cut = Literal["longest_first", "only_first", "only_second"]
Merge = Literal["mean", "max"]
Text = str | tuple[str, str]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class LengthPolicy:
    """How long texts are read.

    Attributes:
        limit: tokens that the model takes; None for no limit.
        long: ``error``, ``truncate`` or ``window``.
        stride: tokens that a window repeats of the one before; None for ``usual``.
        merge: the rule that makes one result of the windows'.
        cut: which text of a pair is cut, and which one windows move over: ``longest_first`` takes the longer one.
        usual: the stride where none is given; None, or more than there is room for, is a quarter of the room.
    """

    limit: int | None
    long: Long
    stride: int | None
    merge: str
    cut: Cut
    usual: int | None = None


def length_policy(
    limit: int | None,
    long: Long,
    stride: int | None = None,
    merge: str | None = None,
    *,
    merges: Sequence[str] = ("mean", "max"),
    cut: Cut = "longest_first",
    usual: int | None = None,
) -> LengthPolicy:
    """Return the arguments of a task about long texts, checked.

    Args:
        limit: as in `LengthPolicy`.
        long: as in `LengthPolicy`.
        stride: as in `LengthPolicy`.
        merge: one of ``merges``; the first of them if None.
        merges: the rules the task has, the usual one first.
        cut: as in `LengthPolicy`.
        usual: as in `LengthPolicy`.

    Raises:
        InputError: E_ARGUMENT for a value that is not known or would have no effect.
    """
    known = ("error", "truncate", "window")
    if long not in known:
        raise InputError(
            "E_ARGUMENT",
            "long is {value!r}; it must be {known}.",
            cure='Leave it out to refuse texts that are too long, or keep their beginning: long="truncate".',
            values=dict(value=long, known=", ".join(f'"{each}"' for each in known)),
        )
    for name, value in (("stride", stride), ("merge", merge)):
        if value is not None and long != "window":
            raise InputError(
                "E_ARGUMENT",
                "{name} would have no effect here.",
                cure="Add {needed}, or leave {name} out.",
                values=dict(name=name, needed='long="window" (--long window)'),
            )
    at_least("stride", stride, 0)
    if merge is not None and merge not in merges:
        raise InputError(
            "E_ARGUMENT",
            "merge is {value!r}; it must be {known}.",
            cure="Leave it out for {first}.",
            values=dict(value=merge, known=", ".join(f'"{each}"' for each in merges), first=merges[0]),
        )
    return LengthPolicy(limit, long, stride, merge or merges[0], cut, usual)


@dataclass(frozen=True, slots=True)
class EncodedText(Encoding):
    """An encoding that remembers its text, or a window of it.

    Attributes:
        text: as it was given.
        index: the text's place among those given.
        size: tokens of the whole text.
        last: whether it is the text's last window, or the only one.
        shift: characters that stand before the text in what was tokenized.
        moving: which text of a pair the cut or the windows are of.
        start: where its first token stands among those of that text.
        together: texts that one result is made of, such as a question with each of its alternatives.
    """

    text: Text
    index: int
    size: int
    last: bool = True
    shift: int = 0
    moving: int = 0
    start: int = 0
    together: int = 1

    @property
    def string(self) -> str:
        """The text, where it is one and not a pair."""
        return self.text if isinstance(self.text, str) else self.text[0]

    def characters(self) -> tuple[int, int]:
        """Return the characters of the text that windows move over, from the first token to the last."""
        spans = [span for span, text in zip(self.spans, self.sequence, strict=True) if text == self.moving]
        return max(min(start for start, _ in spans) - self.shift, 0), max(max(end for _, end in spans) - self.shift, 0)


def fitted(
    given: Text,
    text: Text,
    encoding: Encoding,
    index: int,
    tokenizer: Tokenizer,
    policy: LengthPolicy,
    nothing_ran: bool,
) -> list[EncodedText]:
    """Return the encoding of a text as the model takes it: whole, cut, or in windows.

    Args:
        given: the text as it was given.
        text: what was tokenized in its place.
        encoding: of all of it.
        index: its place.
        tokenizer: that made it.
        policy: what is done with a text that is too long.
        nothing_ran: whether no text before it was run, for the message.

    Raises:
        TooLongError: E_TOO_LONG, naming the text by its place.
        InputError: E_EMPTY_TEXT for a text without a single token; E_ARGUMENT for a stride that windows have no room
            for.
    """
    size = len(encoding)
    if not size:
        raise InputError(
            "E_EMPTY_TEXT",
            "Text {index} has no tokens, so there is nothing to run.",
            cure="Leave it out.",
            values=dict(index=index),
        )
    shift = len(text) - len(given) if isinstance(text, str) and isinstance(given, str) else 0
    if policy.limit is None or size <= policy.limit:
        return [_read(encoding, given, index, size, shift=shift)]
    if policy.long == "error":
        raise TooLongError(
            "E_TOO_LONG",
            "Text {index} is {size} tokens; this model takes {limit}. Nothing was run."
            if nothing_ran
            else "Text {index} is {size} tokens; this model takes {limit}. It was not run.",
            cure=(
                'Shorten it, keep its first {limit} tokens: long="truncate" (--long truncate), '
                'or read all of it in windows: long="window".'
            ),
            values=dict(index=index, size=size, limit=policy.limit),
        )
    one, other = (text, None) if isinstance(text, str) else text
    moving = _moving(encoding, policy.cut)
    stride = _stride(encoding, moving, index, policy)
    if policy.long == "truncate":
        kept = tokenizer(one, other, truncation=policy.cut if other is not None else True, max_length=policy.limit)
        return [_read(kept.encodings[0], given, index, size, shift=shift, moving=moving)]
    pieces = tokenizer(
        one,
        other,
        truncation="only_second" if moving else "only_first",
        max_length=policy.limit,
        stride=stride,
        return_overflowing_tokens=True,
    ).encodings
    encoded = [
        _read(piece, given, index, size, last=piece is pieces[-1], shift=shift, moving=moving) for piece in pieces
    ]
    capacity, count = pieces[0].sequence.count(moving), encoding.sequence.count(moving)
    return [
        replace(each, start=_start(number * (capacity - stride), capacity, count, tokenizer.truncation_side))
        for number, each in enumerate(encoded)
    ]


def _start(moved: int, capacity: int, count: int, side: str) -> int:
    return moved if side == "right" else max(count - capacity - moved, 0)


def _read(
    encoding: Encoding, text: Text, index: int, size: int, *, last: bool = True, shift: int = 0, moving: int = 0
) -> EncodedText:
    # By place: it is made for each text, and a dict of the fields' names takes longer than all the rest.
    return EncodedText(
        encoding.ids,
        encoding.segments,
        encoding.spans,
        encoding.tokens,
        encoding.special,
        encoding.words,
        encoding.sequence,
        text,
        index,
        size,
        last,
        shift,
        moving,
    )


def _moving(encoding: Encoding, cut: Cut) -> int:
    if cut != "longest_first":
        return int(cut == "only_second")
    return int(encoding.sequence.count(1) > encoding.sequence.count(0))


def _stride(encoding: Encoding, moving: int, index: int, policy: LengthPolicy) -> int:
    """Return the tokens that windows repeat, after checking that a window holds at least one more."""
    assert policy.limit is not None
    fixed = len(encoding) - encoding.sequence.count(moving)
    capacity = policy.limit - fixed
    if capacity < 1 and (policy.long == "window" or policy.cut != "longest_first"):
        raise TooLongError(
            "E_TOO_LONG",
            "Text {index}: what must be read whole is {size} tokens; this model takes {limit}, so nothing else fits.",
            cure="Shorten that part: the question, or the shorter text of the pair.",
            values=dict(index=index, size=fixed, limit=policy.limit),
        )
    if policy.stride is not None:
        return policy.stride
    return policy.usual if policy.usual is not None and policy.usual < capacity else capacity // 4


def extent(encoded: Sequence[EncodedText], merge: str) -> Extent:
    """Return how much of a text its windows read."""
    first = encoded[0]
    if len(encoded) > 1:
        return Extent(first.size, first.size, len(encoded), merge)
    whole = len(first) == first.size
    return Extent(first.size, len(first), span=None if whole else first.characters())


def by_text(pieces: Iterable[tuple[EncodedText, Value]]) -> Iterator[tuple[list[EncodedText], list[Value]]]:
    """Yield the windows of each text, with what came of them."""
    encoded: list[EncodedText] = []
    values: list[Value] = []
    for read, value in pieces:
        encoded.append(read)
        values.append(value)
        if read.last:
            yield encoded, values
            encoded, values = [], []
