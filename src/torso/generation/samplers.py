"""Sampling filters: temperature, top-k, top-p, min-p, typical; as in transformers. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torso.generation.generation_settings import GenerationSettings
from torso.generation.scores import Scores, masked, operations

SamplingFilter = Callable[[Scores], Scores]
"""Maps scores [n, V] to scores [n, V], minus infinity for excluded tokens."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Temperature: divides scores by ``value``."""

    value: float

    def __call__(self, scores: Scores) -> Scores:
        """Filter scores [n, V] -> [n, V]."""
        return scores / self.value


@dataclass(frozen=True, slots=True)
class TopK:
    """Top-k: keeps the ``count`` best tokens, and ties with the last."""

    count: int

    def __call__(self, scores: Scores) -> Scores:
        """Filter scores [n, V] -> [n, V]."""
        best, _ = operations(scores).top(scores, self.count)
        return masked(scores, scores < best[:, -1:])


@dataclass(frozen=True, slots=True)
class TopP:
    """Nucleus sampling (top-p): keeps the fewest best tokens that reach ``mass``, at least ``least`` (1904.09751)."""

    mass: float
    least: int

    def __call__(self, scores: Scores) -> Scores:
        """Filter scores [n, V] -> [n, V]."""
        do = operations(scores)
        ascending, order = do.ascending(scores)
        excluded = do.cumulative(do.softmax(ascending)) <= 1 - self.mass
        excluded[:, -self.least :] = False
        return masked(scores, do.put(excluded, order, excluded))


@dataclass(frozen=True, slots=True)
class MinP:
    """Min-p: keeps tokens with at least ``share`` of the best one's probability (2407.01082)."""

    share: float
    least: int

    def __call__(self, scores: Scores) -> Scores:
        """Filter scores [n, V] -> [n, V]."""
        do = operations(scores)
        probabilities = do.softmax(scores)
        highest, best = do.top(probabilities, self.least)
        excluded = probabilities < self.share * highest[:, :1]
        return masked(scores, do.put(excluded, best, False))


@dataclass(frozen=True, slots=True)
class Typical:
    """Typical sampling: keeps the fewest tokens nearest to the expected surprisal that reach ``mass`` (2202.00666)."""

    mass: float
    least: int

    def __call__(self, scores: Scores) -> Scores:
        """Filter scores [n, V] -> [n, V]."""
        do = operations(scores)
        logs, chances = do.log_softmax(scores), do.softmax(scores)
        expected = -do.where(chances > 0, logs * chances, do.zeros(logs)).sum(-1)[:, None]
        distance, order = do.ascending(abs(-logs - expected))
        cumulative = do.cumulative(do.softmax(do.taken(scores, order)))
        last = (cumulative < self.mass).sum(-1)[:, None].clip(max=scores.shape[1] - 1)
        excluded = distance > do.taken(distance, last)
        excluded[:, : self.least] = False
        return masked(scores, do.put(excluded, order, excluded))


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
