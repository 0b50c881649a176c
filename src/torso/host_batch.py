"""Packed batches on the host: the ids of all sequences in NumPy arrays, without padding. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from torso.errors import InputError, TooLongError

if TYPE_CHECKING:
    from torch import Tensor


Pool = Literal["first", "last"]
"""The pooled row of a sequence: its first token's (BERT's CLS) or its last token's."""

Rows = NDArray[np.float32]
"""Float32 numbers of any shape."""

Ids = NDArray[np.int64]
"""Token ids, token types or positions."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which outputs of a forward pass are needed. Sequences whose tasks want the same can share a batch.

    Attributes:
        pool: the row of each sequence that is needed of the last layer, see `Batch.pool`; None for all.
        pooled: whether a feature-extraction head applies its pooler, if it has one.
    """

    pool: Pool | None = None
    pooled: bool = True


class Tokenized(Protocol):
    """Token ids and segment ids of one text or pair, such as an `Encoding`: one of each per token."""

    @property
    def ids(self) -> Sequence[int]:
        """Indices into the vocabulary."""
        ...

    @property
    def segments(self) -> Sequence[int]:
        """Token types, 0 or 1."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HostBatch:
    """N tokenized texts as one input of a model: T rows without padding.

    Attributes:
        numbers: [3, T] int64: token ids, token types, and the position of each token in its sequence from 0; in one
            array, so that one copy takes them to a device.
        bounds: [2N + 1] int32: the first row of each sequence and T, then the length of each; likewise.
        sizes: [N] lengths as Python integers.
        rows: [R] int64, the rows whose vocabulary logits are needed; None for all T.
        choices: alternatives per question, for multiple choice; they add up to N.
        seen: [N] how many rows of each sequence, from its first on, are attended to, at least 1; None for all. The rows
            behind them attend and are not attended to: what ColBERT fills its queries with.
    """

    numbers: Ids
    bounds: NDArray[np.int32]
    sizes: tuple[int, ...]
    rows: Ids | None = None
    choices: tuple[int, ...] | None = None
    seen: tuple[int, ...] | None = None

    @classmethod
    def of(cls, sequences: Sequence[Tokenized]) -> HostBatch:
        """Pack one or more non-empty encodings."""
        sizes = [len(sequence.ids) for sequence in sequences]
        starts = [0, *accumulate(sizes)]
        numbers: list[int] = []
        for sequence in sequences:
            numbers += sequence.ids
        for sequence in sequences:
            numbers += sequence.segments
        for size in sizes:
            numbers += range(size)
        packed = np.array(numbers, dtype=np.int64).reshape(3, starts[-1])
        return cls(packed, np.array(starts + sizes, dtype=np.int32), tuple(sizes))

    @property
    def tokens(self) -> Ids:
        """Token ids, [T]."""
        return self.numbers[0]

    @property
    def segments(self) -> Ids:
        """Token types, [T]: 0 for a first text and 1 for a second."""
        return self.numbers[1]

    @property
    def positions(self) -> Ids:
        """Position of each row in its sequence, [T], from 0."""
        return self.numbers[2]

    @property
    def starts(self) -> NDArray[np.int32]:
        """First row of each sequence, and T: [N + 1]."""
        return self.bounds[: len(self.sizes) + 1]


@dataclass(frozen=True, slots=True)
class HostLayout:
    """Where the sequences of packed rows are, as the outputs of an engine without PyTorch say it.

    Attributes:
        sizes: rows of each sequence; they lie end to end.
    """

    sizes: tuple[int, ...]


def require_length(sizes: Sequence[int], limit: int | None, before: Sequence[int] = ()) -> None:
    """Raise if a text, with the cached tokens ``before`` of each, is longer than a model takes.

    Args:
        sizes: tokens of each text.
        limit: of one text; None for no limit.
        before: cached tokens of each text; empty without a cache.

    Raises:
        TooLongError: ``E_TOO_LONG``, naming the first text that is longer.
    """
    if limit is None or max(sizes, default=0) + max(before, default=0) <= limit:
        return
    for index, (past, size) in enumerate(zip(before or (0,) * len(sizes), sizes, strict=True)):
        if past + size > limit:
            raise TooLongError(
                "E_TOO_LONG",
                "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.",
                cure="Shorten it, or tokenize with truncation=True, max_length={limit}.",
                values=dict(index=index, size=past + size, limit=limit),
            )


def require_seen(batch: HostBatch, left: int | None) -> None:
    """Raise if a row of a batch could attend to no row at all.

    Args:
        batch: of which some rows are not attended to, or none.
        left: how many earlier rows the narrowest window of a model sees; None for all.

    Raises:
        TooLongError: ``E_TOO_LONG``.
    """
    for size, seen in zip(batch.sizes, batch.seen or batch.sizes, strict=True):
        if left is not None and size - seen > left:
            raise TooLongError(
                "E_TOO_LONG",
                "{filled} tokens are filled up behind a text; the model sees {left} tokens back.",
                cure="Fill up to fewer tokens.",
                values=dict(filled=size - seen, left=left),
            )


def require_rows(name: str, low: int, high: int, limit: int | None) -> None:
    """Raise if an id is outside a table.

    Args:
        name: of the ids.
        low: the least of them.
        high: the greatest.
        limit: rows of the table; None for no table.

    Raises:
        InputError: ``E_IDS``, with the number that has no row.
    """
    if limit is not None and (low < 0 or high >= limit):
        raise InputError(
            "E_IDS",
            "{name} holds {found}; this model's table ends at {last}.",
            cure="Use the tokenizer of this very model.",
            values=dict(name=name, found=low if low < 0 else high, last=limit - 1),
        )


def to_host(array: Tensor | Rows) -> Rows:
    """Return an output of an engine as a float32 array in this process's memory; a view where it already is one.

    Args:
        array: a NumPy array, or a tensor of any floating dtype on any device.
    """
    return array if isinstance(array, np.ndarray) else array.detach().float().cpu().numpy()


def pieces(rows: Rows, sizes: Sequence[int]) -> list[Rows]:
    """Split rows [T, ...] into views of ``sizes`` rows."""
    bounds = [0, *accumulate(sizes)]
    return [rows[start:end] for start, end in pairwise(bounds)]
