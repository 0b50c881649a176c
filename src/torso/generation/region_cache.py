"""Key/value cache of sequences that come and go: one slab of rows per layer, allocated once, in regions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NoReturn

import torch
from torch import Tensor

from torso.batch import Layout
from torso.generation.regions import Region, Regions
from torso.nn.key_value_cache import KeyValueCache, Pair, Step


class RegionCache(KeyValueCache):
    """Slab of key/value rows; the sequences of a forward pass are those of the last `select_regions`.

    Args:
        rows: of the slab.

    Attributes:
        regions: which sequence owns which rows.
    """

    def __init__(self, rows: int) -> None:
        super().__init__(0)
        self.rows = rows
        self.regions = Regions(rows)
        self._chosen: list[Region] = []

    @property
    def free(self) -> int:
        """Rows that no region owns."""
        return self.regions.free

    def select_regions(self, regions: Sequence[Region]) -> None:
        """Choose the sequences of the next forward pass, in the order of their offsets."""
        assert all(a.offset < b.offset for a, b in pairwise(regions)), "in order of offsets"
        self._chosen = list(regions)
        self.sizes = tuple(region.size for region in regions)

    def advance(self, layout: Layout) -> Step:
        """Append the rows of ``layout``, one run for each chosen sequence, and return their slots."""
        chosen = self._chosen
        assert len(layout.sizes) == len(chosen), "the batch must have the chosen sequences"
        before = self.sizes
        for region, new in zip(chosen, layout.sizes, strict=True):
            region.size += new
            assert region.size <= region.rows, "a sequence may not outgrow its region"
        self.sizes = tuple(region.size for region in chosen)
        device = layout.positions.device
        first = chosen[0].offset
        # A region reaches to the next one: rows of others between them are room that nothing reads.
        bounds = [region.offset - first for region in chosen] + [chosen[-1].offset + chosen[-1].rows - first]
        numbers = torch.tensor([*before, *self.sizes, *bounds], device=device)
        count = len(chosen)
        past, lengths, starts = numbers[:count], numbers[count : 2 * count], numbers[2 * count :]
        owner = layout.owner()
        own = layout.positions + past[owner]
        queries = Layout(layout.starts, layout.lengths, own, layout.sizes, layout.offsets, layout.longest)
        positions = torch.arange(bounds[-1], device=device) - torch.repeat_interleave(starts[:-1], starts.diff())
        longest = max(self.sizes, default=0)
        keys = Layout(starts.int(), lengths.int(), positions, self.sizes, tuple(bounds[:-1]), longest)
        return Step(self, queries, keys, starts[owner] + own + first)

    def put(self, layer: int, rows: Tensor, k: Tensor, v: Tensor) -> Pair:
        """Write k and v [T, G, d] to ``rows``; return those from the first chosen region to the last."""
        if layer not in self._pairs:
            # Zeros, not uninitialised memory: unused rows may be read under a mask, and must not be NaN.
            self._pairs[layer] = (k.new_zeros(self.rows, *k.shape[1:]), v.new_zeros(self.rows, *v.shape[1:]))
        keys, values = self._pairs[layer]
        keys[rows], values[rows] = k, v
        return keys[self._span], values[self._span]

    def mark(self, rows: Tensor, here: Tensor) -> Tensor:
        """Note whether the tokens [T] of ``rows`` count no position; return it of the rows that `put` returns."""
        if self._marks is None:
            self._marks = here.new_zeros(self.rows)
        self._marks[rows] = here
        return self._marks[self._span]

    @property
    def _span(self) -> slice:
        """Rows from the first chosen region to the last."""
        return slice(self._chosen[0].offset, self._chosen[-1].offset + self._chosen[-1].rows)

    def select(self, sequences: Sequence[int]) -> NoReturn:
        """Not for regions: they have a fixed place."""
        raise NotImplementedError

    def cross(self, layer: int, make: Callable[[], Pair]) -> NoReturn:
        """Not for regions: an encoder-decoder's sequences enter and leave together."""
        raise NotImplementedError
