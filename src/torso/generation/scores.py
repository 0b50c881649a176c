"""Scores of the next token as arrays of the engine's own kind, and what is asked of them. Loads no torch of itself.

What processors, filters and loops do is written once. They use the operators that NumPy and PyTorch share
(arithmetic, comparison, ``sum``, ``argmax``, ``reshape``, indices) and, for what these call or do differently,
`Operations`. The kernels' scores are computed in NumPy; a model's of PyTorch stay on its device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores: TypeAlias = Any
"""Float32 scores [n, V]: a NumPy array, or a tensor of any device."""

Rows: TypeAlias = Any
"""Any other array of the same kind."""


class Operations(Protocol):
    """What NumPy and PyTorch do not share. Nothing is changed in place; ``rows`` are [n, K] of any type."""

    def copied(self, rows: Rows) -> Rows:
        """Return a copy that may be written to."""
        ...

    def zeros(self, rows: Rows) -> Rows:
        """Return zeros of the same shape and type."""
        ...

    def indices(self, numbers: Sequence[Any], beside: Rows) -> Rows:
        """Return integers, nested or not, as int64 where ``beside`` is."""
        ...

    def floats(self, numbers: Sequence[Any], beside: Rows) -> Rows:
        """Return numbers, nested or not, as float32 where ``beside`` is."""
        ...

    def host(self, rows: Rows) -> np.ndarray[Any, Any]:
        """Return them as a NumPy array."""
        ...

    def double(self, rows: Rows) -> Rows:
        """Return them as float64."""
        ...

    def where(self, mask: Rows, chosen: Rows, other: Rows | float) -> Rows:
        """Choose element by element."""
        ...

    def softmax(self, rows: Rows) -> Rows:
        """Return the softmax of each row."""
        ...

    def log_softmax(self, rows: Rows) -> Rows:
        """Return its logarithm."""
        ...

    def log_sum_exp(self, rows: Rows) -> Rows:
        """Return the logarithm of each row's summed exponentials, [n]."""
        ...

    def cumulative(self, rows: Rows) -> Rows:
        """Return the running sums of each row, summed in float64."""
        ...

    def ascending(self, rows: Rows) -> tuple[Rows, Rows]:
        """Return each row sorted, and where its values were."""
        ...

    def top(self, rows: Rows, count: int) -> tuple[Rows, Rows]:
        """Return the ``count`` largest of each row, the largest first, and where they are; all of a shorter row."""
        ...

    def taken(self, rows: Rows, columns: Rows) -> Rows:
        """Return each row's values at its columns [n, k]."""
        ...

    def put(self, rows: Rows, columns: Rows, values: Rows | bool) -> Rows:
        """Return a copy with each row's values [n, k] at its columns [n, k]."""
        ...

    def places(self, cumulative: Rows, bounds: Rows) -> Rows:
        """Return how many of each row's running sums are at most its bound [n]."""
        ...

    def repeated(self, rows: Rows, times: int) -> Rows:
        """Return each row several times over, next to each other."""
        ...


class HostOperations:
    """`Operations` on NumPy arrays."""

    def copied(self, rows: Rows) -> Rows:
        """See `Operations`."""
        return rows.copy()

    def zeros(self, rows: Rows) -> Rows:
        """See `Operations`."""
        return np.zeros_like(rows)

    def indices(self, numbers: Sequence[Any], beside: Rows) -> Rows:
        """See `Operations`."""
        return np.array(numbers, dtype=np.int64)

    def floats(self, numbers: Sequence[Any], beside: Rows) -> Rows:
        """See `Operations`."""
        return np.array(numbers, dtype=np.float32)

    def host(self, rows: Rows) -> np.ndarray[Any, Any]:
        """See `Operations`."""
        return rows

    def double(self, rows: Rows) -> Rows:
        """See `Operations`."""
        return rows.astype(np.float64)

    def where(self, mask: Rows, chosen: Rows, other: Rows | float) -> Rows:
        """See `Operations`."""
        return np.where(mask, chosen, other)

    def softmax(self, rows: Rows) -> Rows:
        """See `Operations`."""
        with np.errstate(all="ignore"):  # minus infinity is a score
            powers = np.exp(rows - rows.max(-1)[:, None])
            return powers / powers.sum(-1)[:, None]

    def log_softmax(self, rows: Rows) -> Rows:
        """See `Operations`."""
        return rows - self.log_sum_exp(rows)[:, None]

    def log_sum_exp(self, rows: Rows) -> Rows:
        """See `Operations`."""
        with np.errstate(all="ignore"):
            most = rows.max(-1)
            return most + np.log(np.exp(rows - most[:, None]).sum(-1))

    def cumulative(self, rows: Rows) -> Rows:
        """See `Operations`."""
        return rows.cumsum(-1, dtype=np.float64).astype(rows.dtype, copy=False)

    def ascending(self, rows: Rows) -> tuple[Rows, Rows]:
        """See `Operations`."""
        order = rows.argsort(-1)
        return self.taken(rows, order), order

    def top(self, rows: Rows, count: int) -> tuple[Rows, Rows]:
        """See `Operations`."""
        within = _where_largest(rows, count)
        if within is not None:
            values, places = self.top(self.taken(rows, within), count)
            return values, self.taken(within, places)
        rest = rows.shape[1] - min(count, rows.shape[1])
        chosen = rows.argpartition(rest, -1)[:, rest:] if rest else np.argsort(-rows, -1)
        values = self.taken(rows, chosen)
        order = np.argsort(-values, -1, kind="stable")
        return self.taken(values, order), self.taken(chosen, order)

    def taken(self, rows: Rows, columns: Rows) -> Rows:
        """See `Operations`."""
        return rows[np.arange(len(rows))[:, None], columns]

    def put(self, rows: Rows, columns: Rows, values: Rows | bool) -> Rows:
        """See `Operations`."""
        changed = rows.copy()
        np.put_along_axis(changed, columns, values, -1)
        return changed

    def places(self, cumulative: Rows, bounds: Rows) -> Rows:
        """See `Operations`."""
        return np.array([sums.searchsorted(bound, "right") for sums, bound in zip(cumulative, bounds, strict=True)])

    def repeated(self, rows: Rows, times: int) -> Rows:
        """See `Operations`."""
        return rows.repeat(times, 0)


_STRIPS = 32


def _where_largest(rows: Rows, count: int) -> Rows | None:
    """Return columns [n, k] that hold the ``count`` largest of each row; None where that would leave out too few.

    Of strips of a row laid upon each other, as many stacks hold its largest as these are, at most: those with the
    largest maxima. To find these maxima takes a seventh of a partition of the row.
    """
    stacks = int(rows.shape[1]) // _STRIPS
    if stacks < 8 * count or count == 0:
        return None
    texts, whole = len(rows), stacks * _STRIPS
    most = rows[:, :whole].reshape(texts, _STRIPS, stacks).max(1)
    chosen: NDArray[np.int64] = most.argpartition(stacks - count, -1)[:, stacks - count :]
    columns = (chosen[:, None] + stacks * np.arange(_STRIPS)[:, None]).reshape(texts, -1)
    behind = np.tile(np.arange(whole, int(rows.shape[1])), (texts, 1))
    return np.concatenate([columns, behind], 1)


_HOST = HostOperations()


def operations(rows: Rows) -> Operations:
    """Return the operations on arrays of this kind."""
    if isinstance(rows, np.ndarray):
        return _HOST
    from torso.generation.tensor_scores import TensorOperations

    return TensorOperations()


def masked(rows: Scores, mask: Rows) -> Scores:
    """Return scores with minus infinity where ``mask`` holds."""
    return operations(rows).where(mask, operations(rows).floats([-math.inf], rows), rows)
