"""Sampling filters: temperature, top-k, top-p, min-p, typical; as in transformers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.generation.generation_settings import GenerationSettings

SamplingFilter = Callable[[Tensor], Tensor]
"""Maps scores [n, V] to scores [n, V], minus infinity for excluded tokens."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Temperature: divides scores by ``value``."""

    value: float

    def __call__(self, scores: Tensor) -> Tensor:
        """Filter scores [n, V] -> [n, V]."""
        return scores / self.value


@dataclass(frozen=True, slots=True)
class TopK:
    """Top-k: keeps the ``count`` best tokens, and ties with the last."""

    count: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Filter scores [n, V] -> [n, V]."""
        least = scores.topk(min(self.count, scores.shape[1])).values[:, -1:]
        return scores.masked_fill(scores < least, -math.inf)


@dataclass(frozen=True, slots=True)
class TopP:
    """Nucleus sampling (top-p): keeps the fewest best tokens that reach ``mass``, at least ``least`` (1904.09751)."""

    mass: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Filter scores [n, V] -> [n, V]."""
        ascending, order = scores.sort()
        excluded = ascending.softmax(-1).cumsum(-1) <= 1 - self.mass
        excluded[:, -self.least :] = False
        return scores.masked_fill(torch.zeros_like(excluded).scatter(1, order, excluded), -math.inf)


@dataclass(frozen=True, slots=True)
class MinP:
    """Min-p: keeps tokens with at least ``share`` of the best one's probability (2407.01082)."""

    share: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Filter scores [n, V] -> [n, V]."""
        probabilities = scores.softmax(-1)
        excluded = probabilities < self.share * probabilities.amax(-1, keepdim=True)
        best = probabilities.topk(min(self.least, scores.shape[1])).indices
        return scores.masked_fill(excluded.scatter(1, best, False), -math.inf)


@dataclass(frozen=True, slots=True)
class Typical:
    """Typical sampling: keeps the fewest tokens nearest to the expected surprisal that reach ``mass`` (2202.00666)."""

    mass: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Filter scores [n, V] -> [n, V]."""
        logs = scores.log_softmax(-1)
        expected = -(logs * logs.exp()).nansum(-1, keepdim=True)
        distance, order = (-logs - expected).abs().sort()
        reached = scores.gather(1, order).softmax(-1).cumsum(-1)
        last = (reached < self.mass).sum(1, keepdim=True).clamp(max=scores.shape[1] - 1)
        excluded = distance > distance.gather(1, last)
        excluded[:, : self.least] = False
        return scores.masked_fill(torch.zeros_like(excluded).scatter(1, order, excluded), -math.inf)


def sampling_filters(settings: GenerationSettings) -> list[SamplingFilter]:
    """Create the sampling filters of some settings, in transformers' order; none without sampling."""
    if not settings.do_sample:
        return []
    # With beams a token other than an end must remain, even if every end is drawn.
    least = len(settings.ends) + 1 if settings.num_beams > 1 and settings.ends else 2 if settings.num_beams > 1 else 1
    filters: list[SamplingFilter] = []
    if settings.temperature != 1:
        filters.append(Temperature(settings.temperature))
    if settings.top_k:
        filters.append(TopK(max(settings.top_k, least)))
    if settings.top_p < 1:
        filters.append(TopP(settings.top_p, least))
    if settings.min_p is not None:
        filters.append(MinP(settings.min_p, least))
    if settings.typical_p < 1:
        filters.append(Typical(settings.typical_p, least))
    return filters
