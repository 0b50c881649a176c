"""Regions of a slab of rows: each sequence has its own, from its first token to its last. Loads no torch."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Region:
    """The rows of one sequence.

    Attributes:
        offset: its first row in the slab.
        rows: number of its rows.
        size: rows in use.
    """

    offset: int
    rows: int
    size: int = 0


class Regions:
    """Who owns which rows of a slab; a sequence owns a region of fixed length from `admit` to `release` (first fit).

    A region is reserved for all that a sequence may grow to, so nothing is ever moved, copied or preempted.

    Args:
        rows: of the slab.
    """

    def __init__(self, rows: int) -> None:
        self._free: list[tuple[int, int]] = [(0, rows)]

    @property
    def free(self) -> int:
        """Rows that no region owns."""
        return sum(rows for _, rows in self._free)

    def admit(self, rows: int) -> Region | None:
        """Reserve a region; None if no gap is long enough now."""
        for place, (offset, free) in enumerate(self._free):
            if free >= rows:
                if free == rows:
                    del self._free[place]
                else:
                    self._free[place] = (offset + rows, free - rows)
                return Region(offset, rows)
        return None

    def release(self, region: Region) -> None:
        """Give a region's rows back; gaps that touch become one."""
        insort(self._free, (region.offset, region.rows))
        merged: list[tuple[int, int]] = []
        for offset, rows in self._free:
            if merged and sum(merged[-1]) == offset:
                merged[-1] = (merged[-1][0], merged[-1][1] + rows)
            else:
                assert not merged or sum(merged[-1]) < offset, "a region is released once"
                merged.append((offset, rows))
        self._free = merged
