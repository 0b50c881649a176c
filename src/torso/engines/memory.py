"""Process memory: keeping it bounded over an endless stream of texts, and measuring its peak."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE = 2**20
_KERNELS = 32


def stay_flat() -> None:
    """Bound the memory of torso's own process; to be called before torch is imported.

    Two things grow otherwise. oneDNN compiles kernels for each number of rows, 0.6 MB for one linear layer, and two
    caches, its own and PyTorch's, hold a thousand each: the limit set here is what a forward pass needs. And glibc's
    heap fragments: the few bytes before a tensor's block go to a thread's cache and then to a long-lived object, so
    that the same tensor never fits there again; hundreds of megabytes in the end. So blocks of 1 MiB and more are
    allocated by mmap. Settings of the environment take precedence.
    """
    for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(name, str(_KERNELS))
    if sys.platform == "linux" and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def peak() -> int | None:
    """Return the peak memory of this process in bytes; None where unavailable, as on Windows."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # there it counts bytes, elsewhere KiB
