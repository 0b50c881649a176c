"""What narrows the choice where tokens are drawn by chance, each with the meaning it has in transformers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from torso.generation.generation_settings import GenerationSettings

SamplingFilter = Callable[[Tensor], Tensor]
"""Scores [n, V] -> scores [n, V], minus infinity for what is left out."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Scores divided by a number."""

    value: float

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [n, V] -> [n, V]."""
        return scores / self.value


@dataclass(frozen=True, slots=True)
class TopK:
    """The ``count`` best, and what equals the last of them."""

    count: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [n, V] -> [n, V]."""
        least = scores.topk(min(self.count, scores.shape[1])).values[:, -1:]
        return scores.masked_fill(scores < least, -math.inf)


@dataclass(frozen=True, slots=True)
class TopP:
    """The fewest of the best whose probabilities reach ``mass``, at least ``least`` of them (1904.09751)."""

    mass: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [n, V] -> [n, V]."""
        ascending, order = scores.sort()
        left_out = ascending.softmax(-1).cumsum(-1) <= 1 - self.mass
        left_out[:, -self.least :] = False
        return scores.masked_fill(torch.zeros_like(left_out).scatter(1, order, left_out), -math.inf)


@dataclass(frozen=True, slots=True)
class MinP:
    """Those that have at least ``share`` of the best one's probability (2407.01082)."""

    share: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [n, V] -> [n, V]."""
        chances = scores.softmax(-1)
        left_out = chances < self.share * chances.amax(-1, keepdim=True)
        best = chances.topk(min(self.least, scores.shape[1])).indices
        return scores.masked_fill(left_out.scatter(1, best, False), -math.inf)


@dataclass(frozen=True, slots=True)
class Typical:
    """The fewest whose surprise is nearest to the expected one and whose probabilities reach ``mass`` (2202.00666)."""

    mass: float
    least: int

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [n, V] -> [n, V]."""
        logs = scores.log_softmax(-1)
        expected = -(logs * logs.exp()).nansum(-1, keepdim=True)
        distance, order = (-logs - expected).abs().sort()
        reached = scores.gather(1, order).softmax(-1).cumsum(-1)
        last = (reached < self.mass).sum(1, keepdim=True).clamp(max=scores.shape[1] - 1)
        left_out = distance > distance.gather(1, last)
        left_out[:, : self.least] = False
        return scores.masked_fill(torch.zeros_like(left_out).scatter(1, order, left_out), -math.inf)


def sampling_filters(settings: GenerationSettings) -> list[SamplingFilter]:
    """What these settings do to scores that are drawn from, in transformers' order; nothing where none are drawn."""
    if not settings.do_sample:
        return []
    # Among beams one that goes on must be left, even if every end is drawn.
    least = len(settings.ends) + 1 if settings.num_beams > 1 and settings.ends else 2 if settings.num_beams > 1 else 1
    made: list[SamplingFilter] = []
    if settings.temperature != 1:
        made.append(Temperature(settings.temperature))
    if settings.top_k:
        made.append(TopK(max(settings.top_k, least)))
    if settings.top_p < 1:
        made.append(TopP(settings.top_p, least))
    if settings.min_p is not None:
        made.append(MinP(settings.min_p, least))
    if settings.typical_p < 1:
        made.append(Typical(settings.typical_p, least))
    return made
