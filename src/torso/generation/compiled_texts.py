"""Texts that a compiled decoder generates: each keeps its keys and values in a region of rows. Loads no torch."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from torso.engines.compiled_decoder import CompiledDecoder
from torso.generation.rescaled_texts import RescaledTexts
from torso.generation.scores import Scores
from torso.kernels.repeated_step import RepeatedStep

PIECE = 512
"""Tokens of prompts that one step reads: a larger step's rows would leave the caches."""


class CompiledTexts:
    """State of n texts in generation, unpadded and of different lengths.

    Args:
        model: the decoder.
        texts: number of texts.
        capacity: expected tokens of a text.
        sources: inputs of the encoder, one per text, run once; None without an encoder.
    """

    def __init__(
        self, model: CompiledDecoder, texts: int, *, capacity: int, sources: Sequence[Sequence[int]] | None = None
    ) -> None:
        model.decoder.library.share_threads()  # it may have been loaded before PyTorch
        self._model, self._capacity = model, capacity
        self._cache = model.decoder.new_cache(texts * capacity)
        self._slots = [number * capacity for number in range(texts)]
        self._regions, self._past = list(self._slots), [0] * texts
        self._rescaled = RescaledTexts(model.config, texts)
        self._sources = None if sources is None else model.sources(sources)
        self._step: RepeatedStep | None = None

    def read(self, tokens: Sequence[Sequence[int]]) -> Scores:
        """Run the new tokens of each text, one or more; return the scores [n, V] of the next token."""
        tokens, recompute = self._rescaled.add(tokens)
        if recompute:
            self._past = [0] * len(tokens)
        self._reserve(max(old + len(new) for old, new in zip(self._past, tokens, strict=True)))
        if 0 < len(tokens) <= PIECE and all(len(new) == 1 for new in tokens):
            return self._again([number for (number,) in tokens])
        scores: Scores = None
        begun = [0] * len(tokens)
        while pieces := _next(tokens, begun):
            numbers = list(pieces)
            ends = [begun[n] + pieces[n] == len(tokens[n]) for n in numbers]
            found = self._model.decoder.step(
                self._cache,
                [self._regions[n] for n in numbers],
                [self._past[n] for n in numbers],
                [tokens[n][begun[n] : begun[n] + pieces[n]] for n in numbers],
                ends,
                None if self._sources is None else self._sources.of(numbers),
            )
            for n in numbers:
                begun[n] += pieces[n]
                self._past[n] += pieces[n]
            ended = [n for n, end in zip(numbers, ends, strict=True) if end]
            if len(ended) == len(tokens):
                return found
            if scores is None:
                scores = np.empty((len(tokens), found.shape[1]), np.float32)
            scores[ended] = found
        return scores

    def _again(self, tokens: Sequence[int]) -> Scores:
        """Run one token of each text, for which there is room."""
        if self._step is None:
            self._step = self._model.decoder.repeated(self._cache, self._regions, self._sources)
        scores = self._step(tokens, self._past)
        self._past = [old + 1 for old in self._past]
        return scores

    @property
    def count(self) -> int:
        """Number of texts."""
        return len(self._past)

    @property
    def can_verify_drafts(self) -> bool:
        """Whether `verify` can be asked: not of texts that may have to be read again."""
        return not self._rescaled.kept

    def left(self, text: int) -> int:
        """Return how many more tokens the model takes of a text."""
        most = self._model.max_tokens
        return sys.maxsize if most is None else most - self._past[text]

    def verify(self, tokens: Mapping[int, Sequence[int]]) -> list[Scores]:
        """Run new tokens of some texts in one step; return the scores [k, V] behind each of the k tokens of each."""
        self._reserve(max(self._past[n] + len(new) for n, new in tokens.items()))
        found = self._model.decoder.verify(
            self._cache,
            [self._regions[n] for n in tokens],
            [self._past[n] for n in tokens],
            [*tokens.values()],
            None if self._sources is None else self._sources.of([*tokens]),
        )
        for n, new in tokens.items():
            self._past[n] += len(new)
        return np.split(found, np.cumsum([len(new) for new in tokens.values()])[:-1])

    def roll_back(self, text: int, tokens: int) -> None:
        """Forget the last tokens of a text."""
        self._past[text] -= tokens

    def read_one(self, tokens: Sequence[int]) -> Scores:
        """Run one token of each text; return the scores [n, V] of the next token."""
        return self.read([[token] for token in tokens])

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        if len(texts) != len(self._past):
            self._step = None
        missing = len(texts) - len(self._slots)
        if missing > 0:
            first = self._cache.rows
            self._cache = self._cache.grown(first + missing * self._capacity)
            self._slots += [first + number * self._capacity for number in range(missing)]
        used = {self._regions[n] for n in texts}
        free = [slot for slot in self._slots if slot not in used]
        regions: list[int] = []
        for n in texts:
            own = self._regions[n]
            if own in regions:
                own = free.pop()
                self._cache.copy(self._regions[n], own, self._past[n])
            regions.append(own)
        self._regions, self._past = regions, [self._past[n] for n in texts]
        self._rescaled.select(texts)
        self._sources = None if self._sources is None else self._sources.of(texts)
        if self._step is not None:
            self._step.move(self._regions, self._sources)

    def _reserve(self, rows: int) -> None:
        """Make every region at least ``rows`` long."""
        if rows <= self._capacity:
            return
        self._step = None
        before, regions, self._capacity = self._cache, self._regions, max(rows, 2 * self._capacity)
        self._slots = [number * self._capacity for number in range(len(regions))]
        self._cache, self._regions = self._model.decoder.new_cache(len(regions) * self._capacity), list(self._slots)
        for old, new, count in zip(regions, self._regions, self._past, strict=True):
            self._cache.take(before, old, new, count)


def _next(tokens: Sequence[Sequence[int]], begun: Sequence[int]) -> dict[int, int]:
    """Choose how many tokens the next step reads of each text that has some left."""
    chosen: dict[int, int] = {}
    capacity = max(PIECE, len(tokens))
    for n, (text, begin) in enumerate(zip(tokens, begun, strict=True)):
        if begin < len(text) and capacity > 0:
            chosen[n] = min(len(text) - begin, capacity)
            capacity -= chosen[n]
    return chosen
