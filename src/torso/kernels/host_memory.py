"""Memory of NumPy arrays, as the kernels read and write it. Loads no torch."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
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
    # ``array.ctypes.data`` is the same by way of modules and objects that are cold in the caches at each step.
    return None if array is None else array.__array_interface__["data"][0]


def empty_bytes(size: int) -> Bytes:
    """Allocate bytes that are not set, from a cache line on."""
    whole = np.empty(size + LINE, np.uint8)
    start = -whole.__array_interface__["data"][0] % LINE
    return whole[start : start + size]


def empty(*shape: int) -> Rows:
    """Allocate float32 numbers that are not set, from a cache line on."""
    return empty_bytes(4 * prod(shape)).view(np.float32).reshape(shape)


def sparse(shape: tuple[int, ...], kind: np.dtype[Any]) -> NDArray[Any]:
    """Allocate zeros of which few may ever be touched: memory is taken in the system's smallest pages.

    NumPy asks for huge pages. Some rows of each head of each block then take 2 MB each, which are cleared first: 460 MB
    for eight prompts of 32 tokens with room for 700.

    Args:
        shape: of the array.
        kind: of its numbers.

    Raises:
        MemoryError: there is not as much.
    """
    size = prod(shape) * kind.itemsize
    if sys.platform == "win32" or not size:  # there pages are small, and come as they are touched
        return np.zeros(shape, kind)
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no {size} bytes") from error
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with suppress(OSError):  # a system without huge pages
            pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, kind).reshape(shape)


def contiguous(array: NDArray[Any]) -> Rows:
    """Return numbers as contiguous float32, as the kernels read them; a view where they are."""
    return np.ascontiguousarray(array, np.float32)


Arrays = tuple[Bytes, Rows | None, Rows, Rows]
"""Of a packed weight: its numbers, and padded to whole panels its bias, in eight bits its scales and weight sums."""
