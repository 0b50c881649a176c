"""Memory of keys and values: of what a decoder has read itself, and of what an encoder read for it. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from torso.host_batch import Rows


@dataclass(eq=False, slots=True)
class KeyValueRows:
    """Keys and values of all blocks, in regions of sequences: [depth, 2, key heads, rows, head size] float32.

    Attributes:
        numbers: the memory; rows that no step wrote are 0.
    """

    numbers: Rows

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

    def grown(self, rows: int) -> KeyValueRows:
        """Return a larger copy, whose regions begin where they did."""
        shape = (*self.numbers.shape[:3], rows, self.numbers.shape[4])
        made = np.zeros(shape, np.float32)
        made[:, :, :, : self.rows] = self.numbers
        return KeyValueRows(made)


@dataclass(frozen=True, eq=False, slots=True)
class SourceRows:
    """Keys and values of an encoder's rows, for the cross-attention of all blocks; several texts may share a source.

    Attributes:
        numbers: [depth, 2, heads, rows, head size] float32.
        starts: first row of the source of each text.
        sizes: rows of it, one or more.
    """

    numbers: Rows
    starts: tuple[int, ...]
    sizes: tuple[int, ...]

    def of(self, texts: Sequence[int]) -> SourceRows:
        """Return the sources of some of the texts, in any order; one may be dropped or repeated. Nothing is copied."""
        return SourceRows(
            self.numbers, tuple(self.starts[text] for text in texts), tuple(self.sizes[text] for text in texts)
        )
