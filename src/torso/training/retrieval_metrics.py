"""Scores of rankings, as trec_eval and sentence-transformers define them. Loads no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

DEPTH = 10
"""Texts of a ranking that count."""


def ranking_scores(rankings: Sequence[Sequence[float]], wanted: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return MRR@10, nDCG@10, recall@10 and the share of queries with a fitting text in front, means over queries.

    Args:
        rankings: score of each text, for each query.
        wanted: how well each fits, 0 not at all.
    """
    rows = [
        _scores(found, fits) for found, fits in zip(rankings, wanted, strict=True) if any(each > 0 for each in fits)
    ]
    names = (f"mrr@{DEPTH}", f"ndcg@{DEPTH}", f"recall@{DEPTH}", "accuracy@1")
    return {name: sum(row[place] for row in rows) / max(len(rows), 1) for place, name in enumerate(names)}


def _scores(found: Sequence[float], fits: Sequence[float]) -> tuple[float, float, float, float]:
    order = sorted(range(len(found)), key=lambda index: -found[index])[:DEPTH]
    gains = [fits[index] for index in order]
    first = next((place for place, gain in enumerate(gains) if gain > 0), None)
    best = sorted(fits, reverse=True)[:DEPTH]
    hits = sum(gain > 0 for gain in gains)
    return (
        0.0 if first is None else 1 / (first + 1),
        _discounted(gains) / _discounted(best),
        hits / sum(fit > 0 for fit in fits),
        float(first == 0),
    )


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
