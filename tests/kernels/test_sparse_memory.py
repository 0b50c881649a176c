"""Memory for the keys and values of texts that may grow: only what is touched is taken."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from torso.kernels.host_memory import sparse


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * mmap.PAGESIZE


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_few_rows_of_each_head_take_little() -> None:
    before = resident()
    made = sparse((256, 1 << 18), np.dtype(np.float32))  # 256 MB
    made[:, 5:9] = 1
    assert resident() - before < 32 << 20
    assert made.sum() == 4 * 256


def test_any_shape_and_kind_is_writable_zeros() -> None:
    for shape in ((0, 3), (1,), (2, 3, 5)):
        made = sparse(shape, np.dtype(np.uint16))
        assert made.shape == shape
        assert made.dtype == np.uint16
        assert not made.any()
        made[...] = 7


def test_too_much_is_an_error_of_memory() -> None:
    with pytest.raises(MemoryError):
        sparse((1 << 50,), np.dtype(np.float32))
