"""Keys and values of the tokens read before, so that a next token costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.batch import Layout

Pair = tuple[Tensor, Tensor]


class KeyValueCache:
    """What N sequences have read so far: per layer, one region of ``capacity`` rows for each sequence.

    A region is a stretch of a `Layout` with room to grow, so whole texts, single next tokens and mixtures of both are
    the same `attend`. Regions grow by doubling. Not for training: rows are written in place.

    Args:
        sequences: N.
        capacity: rows of a region at first.
    """

    def __init__(self, sequences: int, capacity: int = 64) -> None:
        self.capacity = max(capacity, 1)
        self.sizes: tuple[int, ...] = (0,) * sequences
        self._kept: dict[int, Pair] = {}
        self._crossed: dict[int, Pair] = {}

    def advance(self, layout: Layout) -> Step:
        """Takes the rows of ``layout``, one stretch per sequence, behind what is there; a stretch may be empty."""
        assert len(layout.sizes) == len(self.sizes), "a cache keeps the sequences that it was made for"
        before = self.sizes
        self.sizes = tuple(old + new for old, new in zip(before, layout.sizes, strict=True))
        if max(self.sizes, default=0) > self.capacity:
            self._grow(max(*self.sizes, 2 * self.capacity))
        device = layout.positions.device
        # One transfer for all that the step needs.
        starts = [n * self.capacity for n in range(len(before) + 1)]
        numbers = torch.tensor([*before, *self.sizes, *starts], device=device)
        past, reached, regions = (
            numbers[: len(before)],
            numbers[len(before) : 2 * len(before)],
            numbers[2 * len(before) :],
        )
        owner = layout.owner()
        own = layout.positions + past[owner]
        queries = Layout(layout.starts, layout.lengths, own, layout.sizes, layout.offsets, layout.longest)
        keys = Layout(
            regions.int(),
            reached.int(),
            torch.arange(self.capacity, device=device).repeat(len(before)),
            self.sizes,
            tuple(starts[:-1]),
            max(self.sizes, default=0),
        )
        return Step(self, queries, keys, regions[owner] + own)

    def select(self, sequences: Sequence[int]) -> None:
        """Goes on with these sequences, in this order; one may be dropped, or stand several times, as beams do."""
        if list(sequences) == list(range(len(self.sizes))):
            return
        self.sizes = tuple(self.sizes[n] for n in sequences)
        self._kept = {layer: self._selected(pair, sequences) for layer, pair in self._kept.items()}

    def select_memory(self, memory: Layout, sequences: Sequence[int]) -> Layout:
        """The same for the encoder's keys and values: gives the layout of what is left of its rows."""
        sizes = [memory.sizes[n] for n in sequences]
        starts = [memory.offsets[n] for n in sequences]
        chosen = [row for start, size in zip(starts, sizes, strict=True) for row in range(start, start + size)]
        rows = torch.tensor(chosen, device=memory.positions.device)
        self._crossed = {layer: (k[rows], v[rows]) for layer, (k, v) in self._crossed.items()}
        return Layout.of(sizes, device=memory.positions.device)

    def put(self, layer: int, rows: Tensor, k: Tensor, v: Tensor) -> Pair:
        """Writes k and v [T, G, d] to ``rows``; gives all of the layer's, [N * capacity, G, d]."""
        if layer not in self._kept:
            size = len(self.sizes) * self.capacity
            # Zeros, not just memory: what nobody has written may be looked at, and must not be NaN.
            self._kept[layer] = (k.new_zeros(size, *k.shape[1:]), v.new_zeros(size, *v.shape[1:]))
        keys, values = self._kept[layer]
        keys[rows], values[rows] = k, v
        return keys, values

    def cross(self, layer: int, make: Callable[[], Pair]) -> Pair:
        """Keys and values of the encoder's rows for a layer, made at the first call."""
        if layer not in self._crossed:
            self._crossed[layer] = make()
        return self._crossed[layer]

    def _grow(self, capacity: int) -> None:
        grown: dict[int, Pair] = {}
        for layer, pair in self._kept.items():
            wide = [each.new_zeros(len(self.sizes), capacity, *each.shape[1:]) for each in pair]
            for new, old in zip(wide, pair, strict=True):
                new[:, : self.capacity] = old.view(-1, self.capacity, *old.shape[1:])
            grown[layer] = (wide[0].flatten(0, 1), wide[1].flatten(0, 1))
        self._kept, self.capacity = grown, capacity

    def _selected(self, pair: Pair, sequences: Sequence[int]) -> Pair:
        chosen = torch.tensor(list(sequences), device=pair[0].device, dtype=torch.int64)
        k, v = (each.view(-1, self.capacity, *each.shape[1:])[chosen] for each in pair)
        return k.flatten(0, 1), v.flatten(0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call with a cache.

    Attributes:
        cache: where keys and values are kept.
        layout: of the rows of this call, their positions counted on from what was read before.
        keys: of all rows, with room.
        rows: [T] where the rows of this call go.
    """

    cache: KeyValueCache
    layout: Layout
    keys: Layout
    rows: Tensor

    def put(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """Keys and values of a layer, those of this call [T, G, d] written, and where they lie."""
        return (*self.cache.put(layer, self.rows, k, v), self.keys)
