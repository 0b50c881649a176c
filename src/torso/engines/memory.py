"""Memory of a process: kept from growing while it runs a model over texts without end, and measured."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE = 2**20
_KERNELS = 32


def stay_flat() -> None:
    """Keeps the memory of a process of our own from growing with the texts; to be called before torch is loaded.

    Two things grow otherwise. oneDNN makes kernels for each number of rows that it meets, 0.6 MB for one linear layer,
    and two caches, its own and PyTorch's, keep a thousand each: here as many as any forward pass needs. And glibc cuts
    a block for a tensor from its heap, keeps the few bytes before the block in a cache of the thread, and gives them to
    something that stays, so that the same tensor never fits there again; blocks of 1 MiB and more, which this leaves
    out of the heap, would take hundreds of megabytes so. What a person has set is not touched.
    """
    for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(name, str(_KERNELS))
    if sys.platform == "linux" and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def peak() -> int | None:
    """Bytes that this process took at most; None where the system does not say, as Windows does not to Python."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # there it counts bytes, elsewhere KiB
