"""Continuous batching over a compiled decoder. Loads torch for a model of PyTorch alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.generative_model import GenerativeModel
from torso.generation.regions import Regions
from torso.generation.scores import Scores
from torso.generation.sequence_decoder import Feed, SequenceDecoder, Slot, region_of, slab_rows


class CompiledSlab:
    """Decoder of `torso.generation.sequence_decoder.SequenceDecoder`, in the kernels.

    Args:
        model: one for which `torso.generation.sequence_decoder.reads_in_any_step` holds.
        cache_bytes: of the keys and values.
        sequences: of the longest text at most, beyond which more rows would serve nothing.
    """

    def __init__(self, model: CompiledDecoder, cache_bytes: int, sequences: int = 64) -> None:
        model.decoder.library.share_threads()  # it may have been loaded before PyTorch
        rows = slab_rows(cache_bytes, model.decoder.row_bytes, model.max_tokens, sequences)
        self.model = model
        self._cache, self._regions = model.decoder.new_cache(rows), Regions(rows)

    @property
    def rows(self) -> int:
        """Rows of the slab."""
        return self._cache.rows

    @property
    def free(self) -> int:
        """Rows that no sequence has reserved."""
        return self._regions.free

    @property
    def verifies_drafts(self) -> bool:
        """True: see `torso.kernels.causal_decoder.CausalDecoder.step`."""
        return True

    def admit(self, rows: int) -> Slot | None:
        """Reserve a region; see `torso.generation.sequence_decoder.SequenceDecoder.admit`."""
        region = self._regions.admit(rows)
        return None if region is None else Slot(rows, region)

    def release(self, slot: Slot) -> None:
        """Give a region back; see `torso.generation.sequence_decoder.SequenceDecoder.release`."""
        self._regions.release(region_of(slot))
        slot.region = None

    def step(self, feeds: Sequence[Feed]) -> Scores:
        """Run one step; see `torso.generation.sequence_decoder.SequenceDecoder.step`."""
        regions = [region_of(feed.slot) for feed in feeds]
        rows: list[int] = []
        end = 0
        for region, feed in zip(regions, feeds, strict=True):
            assert region.size + len(feed.tokens) <= region.rows, "a sequence may not outgrow its region"
            end += len(feed.tokens)
            if feed.wanted:
                rows += range(end - 1 - feed.drafted, end)
        scores = self.model.decoder.verify(
            self._cache,
            [region.offset for region in regions],
            [region.size for region in regions],
            [feed.tokens for feed in feeds],
            rows=np.array(rows, np.int64),
        )
        for region, feed in zip(regions, feeds, strict=True):  # behind what may fail: the step may be run again
            region.size += len(feed.tokens)
        return scores

    def roll_back(self, slot: Slot, tokens: int) -> None:
        """Forget tokens; see `torso.generation.sequence_decoder.SequenceDecoder.roll_back`."""
        region_of(slot).size -= tokens


def slab_of(model: GenerativeModel, cache_bytes: int, sequences: int = 64) -> SequenceDecoder:
    """Return the decoder of a model for continuous batching; arguments as of `Slab`, for either engine."""
    if isinstance(model, CompiledDecoder):
        return CompiledSlab(model, cache_bytes, sequences)
    from torso.generation.slab import Slab

    return Slab(model, cache_bytes, sequences)
