"""Continuous batching in PyTorch: the reference of `torso.generation.sequence_decoder.SequenceDecoder`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.engines.torch_runner import evaluating
from torso.generation.region_cache import RegionCache
from torso.generation.sequence_decoder import Feed, Slot, region_of, slab_rows
from torso.model import Model
from torso.nn.key_value_cache import KeyValueCache
from torso.outputs import VocabLogits


class Slab:
    """Decoder over a `RegionCache`, in PyTorch.

    Args:
        model: a decoder without an encoder.
        cache_bytes: of the key/value cache.
        sequences: of the longest text at most, beyond which more rows would serve nothing.
    """

    def __init__(self, model: Model[VocabLogits], cache_bytes: int, sequences: int = 64) -> None:
        self.model = model
        self.cache = RegionCache(slab_rows(cache_bytes, row_bytes(model), model.max_tokens, sequences))

    @property
    def rows(self) -> int:
        """Rows of the slab."""
        return self.cache.rows

    @property
    def free(self) -> int:
        """Rows that no sequence has reserved."""
        return self.cache.free

    @property
    def verifies_drafts(self) -> bool:
        """False: read together, tokens have other scores."""
        return False

    def admit(self, rows: int) -> Slot | None:
        """Reserve a region; see `SequenceDecoder.admit`."""
        region = self.cache.regions.admit(rows)
        return None if region is None else Slot(rows, region)

    def release(self, slot: Slot) -> None:
        """Give a region back; see `SequenceDecoder.release`."""
        assert slot.region is not None
        self.cache.regions.release(slot.region)
        slot.region = None

    def roll_back(self, slot: Slot, tokens: int) -> None:
        """Forget tokens; see `SequenceDecoder.roll_back`."""
        region_of(slot).size -= tokens

    def step(self, feeds: Sequence[Feed]) -> Tensor:
        """Run one forward pass; see `SequenceDecoder.step`."""
        assert not any(feed.drafted for feed in feeds), "guesses are for what reads ahead"
        regions = [region_of(feed.slot) for feed in feeds]
        order = sorted(range(len(feeds)), key=lambda number: regions[number].offset)
        device = self.model.device
        self.cache.select_regions([regions[number] for number in order])
        layout = Layout.of([len(feeds[number].tokens) for number in order], device=device)
        flat = [token for number in order for token in feeds[number].tokens]
        last = layout.last()
        wanted = [place for place, number in enumerate(order) if feeds[number].wanted]
        rows = last[torch.tensor(wanted, dtype=torch.int64, device=device)]
        before = [region.size for region in regions]
        batch = Batch(torch.tensor(flat, device=device), layout, rows=rows)
        try:
            # Both contexts end before scores are returned: held longer they would leak into the caller's code.
            with torch.inference_mode(), evaluating(self.model) if self.model.training else nullcontext():
                scores = self.model(batch, cache=self.cache).logits.float()
        except BaseException:
            for region, size in zip(regions, before, strict=True):  # the step may be run again
                region.size = size
            raise
        # From the order of the slab to that of the feeds.
        places = {order[place]: row for row, place in enumerate(wanted)}
        return scores[[places[number] for number in range(len(feeds)) if feeds[number].wanted]]


def row_bytes(model: Model[VocabLogits]) -> int:
    """Return the bytes of keys and values that one token takes in all layers, by running one."""
    cache = KeyValueCache(1, 1)
    batch = Batch(torch.zeros(1, dtype=torch.int64, device=model.device), Layout.of([1], device=model.device))
    with torch.inference_mode(), evaluating(model):
        model(batch, cache=cache)
    return max(cache.row_bytes, 1)
