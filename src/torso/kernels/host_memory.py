"""Memory of NumPy arrays, as the kernels read and write it. Loads no torch."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso.host_batch import Rows

Bytes = NDArray[np.uint8]
LINE = 64
"""Bytes of a cache line, on which memory begins: a wide load that crosses two lines is two loads."""


def address(array: NDArray[Any] | None) -> int | None:
    """Return the address of a contiguous array's data; None for None."""
    return None if array is None else array.ctypes.data


def room_of_bytes(size: int) -> Bytes:
    """Allocate bytes that are not set, from a cache line on."""
    whole = np.empty(size + LINE, np.uint8)
    start = -whole.ctypes.data % LINE
    return whole[start : start + size]


def room(*shape: int) -> Rows:
    """Allocate float32 numbers that are not set, from a cache line on."""
    return room_of_bytes(4 * prod(shape)).view(np.float32).reshape(shape)


def held(array: NDArray[Any]) -> Rows:
    """Return numbers as contiguous float32, as the kernels read them; a view where they are."""
    return np.ascontiguousarray(array, np.float32)


Arrays = tuple[Bytes, Rows | None, Rows, Rows]
"""Of a packed weight: its numbers, and padded to whole panels its bias, in eight bits its scales and weight sums."""
