"""The arithmetic of predictions, over NumPy arrays.

Every row of a result depends on the same row of what is given, and on nothing else: alone or beside others, a text has
the same numbers to the bit. Sums are in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from torso.host_batch import Rows

Wide = NDArray[np.float64]
_SMALLEST = 1e-12
"""Length below which a vector is not stretched to length 1."""


def softmax(logits: Rows) -> Rows:
    """Return probabilities over the last axis."""
    with np.errstate(all="ignore"):  # logits that are not finite give NaN
        wide = logits.astype(np.float64)
        wide -= wide.max(-1, keepdims=True)
        np.exp(wide, out=wide)
        wide /= wide.sum(-1, keepdims=True)
        return wide.astype(np.float32)


def sigmoid(logits: Rows) -> Rows:
    """Return the probability of each logit by itself."""
    return logistic(logits.astype(np.float64)).astype(np.float32)


def logistic(numbers: Wide) -> Wide:
    """1 / (1 + exp(-x)), without overflow."""
    with np.errstate(all="ignore"):
        small = np.exp(-np.abs(numbers))
        return np.where(numbers >= 0, 1.0, small) / (1.0 + small)


def normalized(rows: Rows) -> Rows:
    """Return vectors [..., D] scaled to length 1."""
    with np.errstate(all="ignore"):
        wide = rows.astype(np.float64)
        length = np.sqrt((wide * wide).sum(-1, keepdims=True))
        return (wide / np.maximum(length, _SMALLEST)).astype(np.float32)


def product(rows: Rows, weight: Rows) -> Rows:
    """Return rows [N, D] times the transpose of a weight [out, D], each row by itself: [N, out]."""
    made = np.empty((len(rows), len(weight)), np.float32)
    for row, own in zip(rows, made, strict=True):
        np.matmul(weight, row, out=own)
    return made


def one_row(rows: Sequence[Rows], rule: str) -> Rows:
    """Combine the rows [C] of a text's windows by ``mean`` or ``max``; the row of an only window as it is."""
    if len(rows) == 1:
        return rows[0]
    stacked = np.stack(rows)
    return stacked.max(0) if rule == "max" else stacked.mean(0, dtype=np.float32)


def merged(rows: Sequence[Rows], rule: str) -> list[float]:
    """As `one_row`, as a list."""
    return numbers(one_row(rows, rule))


def highest(row: Rows, count: int) -> NDArray[np.int64]:
    """Return the indices of the ``count`` highest numbers of a row, in descending order; ties keep their order."""
    count = min(count, row.size)
    least = np.partition(row, row.size - count)[row.size - count]
    places = np.flatnonzero(~(row < least))  # NaN is the highest
    return places[np.argsort(-row[places], kind="stable")[:count]]


def numbers(array: NDArray[Any]) -> list[Any]:
    """Return the numbers of an array as (nested) lists."""
    return cast("list[Any]", array.tolist())
