"""Key/value cache of a decoder: past tokens are not recomputed for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.batch import Layout

Pair = tuple[Tensor, Tensor]


class KeyValueCache:
    """Key/value cache of N sequences: per layer, one region of ``capacity`` rows for each sequence.

    Regions are sequences of a `Layout` with room to grow, so prefill, single-token decoding and mixtures of both are
    the same `attend`. Regions grow by doubling. Not for training: rows are written in place.

    Args:
        sequences: N.
        capacity: initial rows of a region.
    """

    def __init__(self, sequences: int, capacity: int = 64) -> None:
        self.capacity = max(capacity, 1)
        self.sizes: tuple[int, ...] = (0,) * sequences
        self._pairs: dict[int, Pair] = {}
        self._cross_pairs: dict[int, Pair] = {}
        self._marks: Tensor | None = None

    def begin(self, pairs: Sequence[Pair]) -> None:
        """Put keys and values [P, G, d] of each layer before those of every sequence; once, before any `advance`."""
        assert not self._pairs, "what is there cannot be moved"
        size = pairs[0][0].shape[0]
        self.sizes, self.capacity = (size,) * len(self.sizes), self.capacity + size
        for layer, pair in enumerate(pairs):
            wide = [each.new_zeros(len(self.sizes), self.capacity, *each.shape[1:]) for each in pair]
            for new, each in zip(wide, pair, strict=True):
                new[:, :size] = each
            self._pairs[layer] = (wide[0].flatten(0, 1), wide[1].flatten(0, 1))

    def advance(self, layout: Layout) -> Step:
        """Append the rows of ``layout``, one run (possibly empty) per sequence, and return their slots."""
        assert len(layout.sizes) == len(self.sizes), "the batch must have the cache's number of sequences"
        before = self.sizes
        self.sizes = tuple(old + new for old, new in zip(before, layout.sizes, strict=True))
        if max(self.sizes, default=0) > self.capacity:
            self._grow(max(*self.sizes, 2 * self.capacity))
        device = layout.positions.device
        # One transfer for all that the step needs.
        starts = [n * self.capacity for n in range(len(before) + 1)]
        numbers = torch.tensor([*before, *self.sizes, *starts], device=device)
        past, lengths, regions = (
            numbers[: len(before)],
            numbers[len(before) : 2 * len(before)],
            numbers[2 * len(before) :],
        )
        owner = layout.owner()
        own = layout.positions + past[owner]
        queries = Layout(layout.starts, layout.lengths, own, layout.sizes, layout.offsets, layout.longest)
        keys = Layout(
            regions.int(),
            lengths.int(),
            torch.arange(self.capacity, device=device).repeat(len(before)),
            self.sizes,
            tuple(starts[:-1]),
            max(self.sizes, default=0),
        )
        return Step(self, queries, keys, regions[owner] + own)

    @property
    def row_bytes(self) -> int:
        """Bytes of the keys and values of one token in all layers that have run."""
        return sum(k[0].nbytes + v[0].nbytes for k, v in self._pairs.values())

    def select(self, sequences: Sequence[int]) -> None:
        """Reorder the sequences, as beam search does; one may be dropped or repeated."""
        if list(sequences) == list(range(len(self.sizes))):
            return
        self.sizes = tuple(self.sizes[n] for n in sequences)
        self._pairs = {layer: self._selected(pair, sequences) for layer, pair in self._pairs.items()}
        if self._marks is not None:
            self._marks = self._marks.view(-1, self.capacity)[list(sequences)].flatten()

    def select_memory(self, memory: Layout, sequences: Sequence[int]) -> Layout:
        """Reorder the encoder's keys and values likewise; return the layout of the selected rows."""
        sizes = [memory.sizes[n] for n in sequences]
        starts = [memory.offsets[n] for n in sequences]
        chosen = [row for start, size in zip(starts, sizes, strict=True) for row in range(start, start + size)]
        rows = torch.tensor(chosen, device=memory.positions.device)
        self._cross_pairs = {layer: (k[rows], v[rows]) for layer, (k, v) in self._cross_pairs.items()}
        return Layout.of(sizes, device=memory.positions.device)

    def put(self, layer: int, rows: Tensor, k: Tensor, v: Tensor) -> Pair:
        """Write k and v [T, G, d] to ``rows``; return all of the layer's, [N * capacity, G, d]."""
        if layer not in self._pairs:
            size = len(self.sizes) * self.capacity
            # Zeros, not uninitialised memory: unused rows may be read under a mask, and must not be NaN.
            self._pairs[layer] = (k.new_zeros(size, *k.shape[1:]), v.new_zeros(size, *v.shape[1:]))
        keys, values = self._pairs[layer]
        keys[rows], values[rows] = k, v
        return keys, values

    def mark(self, rows: Tensor, here: Tensor) -> Tensor:
        """Note whether the tokens [T] of ``rows`` count no position; return it of all rows, [N * capacity]."""
        if self._marks is None:
            self._marks = here.new_zeros(len(self.sizes) * self.capacity)
        self._marks[rows] = here
        return self._marks

    def cross(self, layer: int, make: Callable[[], Pair]) -> Pair:
        """Return a layer's keys and values of the encoder's rows, projected at the first call."""
        if layer not in self._cross_pairs:
            self._cross_pairs[layer] = make()
        return self._cross_pairs[layer]

    def _grow(self, capacity: int) -> None:
        grown: dict[int, Pair] = {}
        for layer, pair in self._pairs.items():
            wide = [each.new_zeros(len(self.sizes), capacity, *each.shape[1:]) for each in pair]
            for new, old in zip(wide, pair, strict=True):
                new[:, : self.capacity] = old.view(-1, self.capacity, *old.shape[1:])
            grown[layer] = (wide[0].flatten(0, 1), wide[1].flatten(0, 1))
        if self._marks is not None:
            marks = self._marks.new_zeros(len(self.sizes), capacity)
            marks[:, : self.capacity] = self._marks.view(-1, self.capacity)
            self._marks = marks.flatten()
        self._pairs, self.capacity = grown, capacity

    def _selected(self, pair: Pair, sequences: Sequence[int]) -> Pair:
        chosen = torch.tensor(list(sequences), device=pair[0].device, dtype=torch.int64)
        k, v = (each.view(-1, self.capacity, *each.shape[1:])[chosen] for each in pair)
        return k.flatten(0, 1), v.flatten(0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The slots of one call's rows in a cache.

    Attributes:
        cache: the cache.
        layout: layout of this call's rows, with positions that continue the cached ones.
        keys: layout of all cached rows, with room to grow.
        rows: [T] rows of the cache that this call writes.
    """

    cache: KeyValueCache
    layout: Layout
    keys: Layout
    rows: Tensor

    def put(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """Write a layer's keys and values [T, G, d]; return all of the layer's and their layout."""
        return (*self.cache.put(layer, self.rows, k, v), self.keys)

    def cross(self, layer: int, make: Callable[[], Pair]) -> Pair:
        """Return a layer's keys and values of the encoder's rows, projected at the first call."""
        return self.cache.cross(layer, make)
