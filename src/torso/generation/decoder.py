"""Incremental decoding with a key/value cache: each token is run once, logits of last tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.engines.torch_runner import evaluating
from torso.generation.rescaled_texts import RescaledTexts
from torso.model import Model
from torso.nn.key_value_cache import KeyValueCache
from torso.outputs import Hidden, VocabLogits


class Decoder:
    """State of n texts in generation, unpadded and of different lengths.

    Args:
        model: a decoder or an encoder-decoder.
        sources: inputs of the encoder, one per text, run once; None without an encoder.
        texts: number of texts.
        capacity: expected tokens of a text: the initial capacity of the cache.
    """

    def __init__(
        self, model: Model[VocabLogits], texts: int, *, sources: Sequence[Sequence[int]] | None, capacity: int
    ) -> None:
        self.model = model
        self.cache = KeyValueCache(texts, capacity)
        self._source = None if sources is None else _packed(sources, model.device)
        self._memory: Hidden | None = None
        self._single = Layout.of([1] * texts, device=model.device)
        self._rescaled = RescaledTexts(model.config, texts)

    def read(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Run the new tokens of each text, one or more; return the scores [n, V] of the next token."""
        tokens, recompute = self._rescaled.add(tokens)
        if recompute:
            self.cache = KeyValueCache(len(tokens), self.cache.capacity)
        packed = _packed(tokens, self.model.device)
        return self._run(replace(packed, rows=packed.layout.last(), source=self._source))

    def read_one(self, tokens: Sequence[int]) -> Tensor:
        """Run one token of each text; return the scores [n, V] of the next token."""
        if self._rescaled.kept:
            return self.read([[token] for token in tokens])
        return self._run(Batch(torch.tensor(tokens, device=self.model.device), self._single))

    def _run(self, batch: Batch) -> Tensor:
        # Both contexts end before scores are returned: held across a yield they would leak into the caller's code.
        with torch.inference_mode(), evaluating(self.model) if self.model.training else nullcontext():
            out = self.model(batch, cache=self.cache, memory=self._memory)
            self._memory, self._source = out.hidden.memory, None
            return out.logits.float()

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        if list(texts) == list(range(len(self.cache.sizes))):
            return
        with torch.inference_mode():
            self.cache.select(texts)
            self._rescaled.select(texts)
            if self._memory is not None:
                layout = self.cache.select_memory(self._memory.layout, texts)
                self._memory = replace(self._memory, layout=layout)
        if len(texts) != len(self._single.sizes):
            self._single = Layout.of([1] * len(texts), device=self.model.device)


def _packed(sequences: Sequence[Sequence[int]], device: Any) -> Batch:
    flat = [number for sequence in sequences for number in sequence]
    layout = Layout.of([len(sequence) for sequence in sequences], device=device)
    return Batch(torch.tensor(flat, device=device), layout)
