"""Memory of keys and values: of what a decoder has read itself, and of what an encoder read for it. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso.host_batch import Ids, Rows
from torso.kernels.host_memory import sparse

Numbers = NDArray[Any]
"""float32, or the bits of bfloat16."""


def to_bfloat16(rows: Rows) -> NDArray[np.uint16]:
    """Return the bits of the nearest bfloat16 of each number, a tie to the even one; a NaN stays one."""
    bits = rows.view(np.uint32)
    nearest = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    return np.where(np.isnan(rows), (bits >> 16) | 0x40, nearest).astype(np.uint16)


def from_bfloat16(bits: Numbers) -> Rows:
    """Return the float32 numbers of bits of bfloat16."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


@dataclass(eq=False, slots=True)
class KeyValueRows:
    """Keys and values of all blocks, in regions of sequences: [depth, 2, key heads, rows, head size].

    Attributes:
        numbers: the memory, of float32 or the bits of bfloat16; rows that no step wrote are 0.
        uncounted: [rows] whether the token of a row counts no position, in families where one counts none.
    """

    numbers: Numbers
    uncounted: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.uncounted = np.zeros(self.rows, np.bool_)

    @property
    def rows(self) -> int:
        """Tokens that it holds."""
        return self.numbers.shape[3]

    def copy(self, source: int, target: int, count: int) -> None:
        """Copy the first ``count`` rows of a region to another, by the first row of each."""
        self.take(self, source, target, count)

    def take(self, other: KeyValueRows, source: int, target: int, count: int) -> None:
        """Copy the first ``count`` rows of a region of another memory to a region of this one."""
        self.numbers[:, :, :, target : target + count] = other.numbers[:, :, :, source : source + count]
        self.uncounted[target : target + count] = other.uncounted[source : source + count]

    def counted(
        self, uncounted: int, regions: Sequence[int], past: Sequence[int], tokens: Sequence[Sequence[int]]
    ) -> Ids:
        """Return the positions [T] of new tokens among those that count, -1 for one that does not; note which do not.

        Args:
            uncounted: the token that counts none.
            regions: first row of each sequence's region.
            past: rows of each that are in use.
            tokens: those behind them.
        """
        found: list[Ids] = []
        for region, old, new in zip(regions, past, tokens, strict=True):
            place, here = region + old, np.asarray(new, np.int64) == uncounted
            self.uncounted[place : place + len(here)] = here
            first = old - np.count_nonzero(self.uncounted[region:place])
            found.append(np.where(here, -1, first + np.cumsum(~here) - 1))
        return np.concatenate(found)

    def grown(self, rows: int) -> KeyValueRows:
        """Return a larger copy, whose regions begin where they did."""
        shape = (*self.numbers.shape[:3], rows, self.numbers.shape[4])
        made = sparse(shape, self.numbers.dtype)
        made[:, :, :, : self.rows] = self.numbers
        copy = KeyValueRows(made)
        copy.uncounted[: self.rows] = self.uncounted
        return copy


@dataclass(frozen=True, eq=False, slots=True)
class SourceRows:
    """Keys and values of an encoder's rows, for the cross-attention of all blocks; several texts may share a source.

    Attributes:
        numbers: [depth, 2, heads, rows, head size], of float32 or the bits of bfloat16.
        starts: first row of the source of each text.
        sizes: rows of it, one or more.
    """

    numbers: Numbers
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    def of(self, texts: Sequence[int]) -> SourceRows:
        """Return the sources of some of the texts, in any order; one may be dropped or repeated. Nothing is copied."""
        return SourceRows(
            self.numbers, tuple(self.starts[text] for text in texts), tuple(self.sizes[text] for text in texts)
        )
