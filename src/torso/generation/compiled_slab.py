"""Continuous batching over a compiled decoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.regions import Regions
from torso.generation.slab import Feed, SequenceDecoder, Slab, Slot, region_of, row_bytes, slab_rows
from torso.generation.writing_model import WritingModel


class CompiledSlab:
    """Decoder of `torso.generation.slab.SequenceDecoder`, in the kernels.

    Args:
        model: what writes; one for which `torso.generation.slab.Slab.takes` holds.
        cache_bytes: of the keys and values.
        sequences: of the longest text at most, beyond which more rows would serve nothing.
    """

    def __init__(self, model: CompiledDecoder, cache_bytes: int, sequences: int = 64) -> None:
        model.decoder.library.share_threads()  # it may have been loaded before PyTorch
        rows = slab_rows(cache_bytes, model.decoder.row_bytes, model.max_tokens, sequences)
        self.model = model
        self._cache, self._regions = model.decoder.room(rows), Regions(rows)

    @property
    def rows(self) -> int:
        """Rows of the slab."""
        return self._cache.rows

    @property
    def free(self) -> int:
        """Rows that no sequence has reserved."""
        return self._regions.free

    def admit(self, rows: int) -> Slot | None:
        """Reserve a region; see `torso.generation.slab.SequenceDecoder.admit`."""
        region = self._regions.admit(rows)
        return None if region is None else Slot(rows, region)

    def release(self, slot: Slot) -> None:
        """Give a region back; see `torso.generation.slab.SequenceDecoder.release`."""
        self._regions.release(region_of(slot))
        slot.region = None

    def step(self, feeds: Sequence[Feed]) -> Tensor:
        """Run one step; see `torso.generation.slab.SequenceDecoder.step`."""
        regions = [region_of(feed.slot) for feed in feeds]
        for region, feed in zip(regions, feeds, strict=True):
            assert region.size + len(feed.tokens) <= region.rows, "a sequence may not outgrow its region"
        scores = self.model.decoder.step(
            self._cache,
            [region.offset for region in regions],
            [region.size for region in regions],
            [feed.tokens for feed in feeds],
            [feed.wanted for feed in feeds],
        )
        for region, feed in zip(regions, feeds, strict=True):  # behind what may fail: the step may be run again
            region.size += len(feed.tokens)
        return torch.from_numpy(scores)


def slab_of(model: WritingModel, cache_bytes: int, sequences: int = 64) -> SequenceDecoder:
    """Return what writes with a model by continuous batching; arguments as of `Slab`, for either engine."""
    if isinstance(model, CompiledDecoder):
        return CompiledSlab(model, cache_bytes, sequences)
    return Slab(model, cache_bytes, sequences)


def cache_row_bytes(model: WritingModel) -> int:
    """Return the bytes of keys and values that one token takes in all layers."""
    return model.decoder.row_bytes if isinstance(model, CompiledDecoder) else row_bytes(model)
