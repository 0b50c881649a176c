"""Buckets of the distance between two tokens, in T5 (https://arxiv.org/abs/1910.10683) and DeBERTa.

Both round a logarithm in float32 to a whole number, so that a logarithm one bit off changes the row of a table.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def t5_buckets(distances: Integers, buckets: int, furthest: int, *, both_ways: bool) -> Integers:
    """Map distances, the key's position minus the query's, to buckets; the same shape.

    Args:
        distances: any shape.
        buckets: how many buckets there are.
        furthest: the distance from which all share the last bucket.
        both_ways: whether earlier and later keys have separate buckets.
    """
    first = np.zeros_like(distances)
    if both_ways:
        buckets //= 2
        first, distances = (distances > 0) * buckets, np.abs(distances)
    else:
        distances = -np.minimum(distances, 0)
    exact = buckets // 2
    far = _logarithms(distances.clip(1) / np.float32(exact)) / np.float32(math.log(furthest / exact))
    # Bounded before it is a whole number, for distances that no float32 counts.
    beyond = np.minimum(far * np.float32(buckets - exact), buckets).astype(np.int64)
    return first + np.where(distances < exact, distances, np.minimum(exact + beyond, buckets - 1))


def deberta_buckets(distances: Integers, span: int, furthest: int) -> Integers:
    """Map distances to log buckets of either sign, exact up to half the span; the same shape.

    Args:
        distances: any shape.
        span: the number of buckets on each side.
        furthest: the distance of the last one.
    """
    exact = span // 2
    size = np.abs(distances)
    far = _logarithms(size.clip(exact) / np.float32(exact)) / _logarithms(np.array((furthest - 1) / exact))
    beyond = np.ceil(far * np.float32(exact - 1)).astype(np.int64) + exact
    return np.where(size <= exact, distances, np.sign(distances) * beyond)


def _logarithms(numbers: NDArray[np.floating]) -> NDArray[np.float32]:
    """Compute the logarithm of numbers rounded to float32, the nearest float32."""
    return np.log(numbers.astype(np.float32).astype(np.float64)).astype(np.float32)
