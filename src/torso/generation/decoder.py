"""A model over texts that grow: each token is read once, and only the row of each text's last one is scored."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from torso.batch import Batch, Layout
from torso.engines.runner import evaluating
from torso.model import Model
from torso.nn.key_value_cache import KeyValueCache
from torso.outputs import Hidden, VocabLogits


class Decoder:
    """n texts in progress; nothing of them is padded, and their lengths are their own.

    Args:
        model: a decoder, or a decoder behind an encoder.
        sources: what the encoder reads, one per text; None without an encoder. It is read once.
        texts: how many there are.
        room: tokens that a text will hold, as far as is known.
    """

    def __init__(
        self, model: Model[VocabLogits], texts: int, *, sources: Sequence[Sequence[int]] | None, room: int
    ) -> None:
        self.model = model
        self.cache = KeyValueCache(texts, room)
        self._source = None if sources is None else _packed(sources, model.device)
        self._memory: Hidden | None = None
        self._single = Layout.of([1] * texts, device=model.device)
        # Where what was read of a text may not hold when it has grown, the text is kept, to be read anew.
        outgrows = not model.config.reads_on(1, sys.maxsize)
        self._texts: list[list[int]] | None = [[] for _ in range(texts)] if outgrows else None

    def read(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Reads on: what is new of each text, one token or more. Gives the scores [n, V] of what comes next."""
        if self._texts is not None:
            tokens = self._unread(self._texts, tokens)
        packed = _packed(tokens, self.model.device)
        return self._run(replace(packed, rows=packed.layout.last(), source=self._source))

    def read_one(self, tokens: Tensor) -> Tensor:
        """The same for one token of each text, [n] on the model's device."""
        if self._texts is not None:
            return self.read([[int(token)] for token in tokens])
        return self._run(Batch(tokens, self._single))

    def _unread(self, texts: list[list[int]], tokens: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
        """What is to be read of texts that grow by these tokens: the tokens, or all with a new cache."""
        self._texts = [[*text, *new] for text, new in zip(texts, tokens, strict=True)]
        grown = zip(texts, self._texts, strict=True)
        if all(not old or self.model.config.reads_on(len(old), len(text)) for old, text in grown):
            return tokens
        self.cache = KeyValueCache(len(texts), self.cache.capacity)
        return self._texts

    def _run(self, batch: Batch) -> Tensor:
        # The modes are left before scores are handed out: held across a yield they would leak into the caller's code.
        with torch.inference_mode(), evaluating(self.model) if self.model.training else nullcontext():
            out = self.model(batch, cache=self.cache, memory=self._memory)
            self._memory, self._source = out.hidden.memory, None
            return out.logits.float()

    def select(self, texts: Sequence[int]) -> None:
        """Goes on with these texts, in this order; one may be dropped, or stand several times."""
        if list(texts) == list(range(len(self.cache.sizes))):
            return
        with torch.inference_mode():
            self.cache.select(texts)
            self._texts = None if self._texts is None else [self._texts[n] for n in texts]
            if self._memory is not None:
                layout = self.cache.select_memory(self._memory.layout, texts)
                self._memory = replace(self._memory, layout=layout)
        if len(texts) != len(self._single.sizes):
            self._single = Layout.of([1] * len(texts), device=self.model.device)


def _packed(sequences: Sequence[Sequence[int]], device: Any) -> Batch:
    flat = [number for sequence in sequences for number in sequence]
    layout = Layout.of([len(sequence) for sequence in sequences], device=device)
    return Batch(torch.tensor(flat, device=device), layout)
