"""Memory of a process that runs a model over texts without end."""

from __future__ import annotations

import sys
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of mallopt(3)
_LARGE = 256 * 2**10


def give_back_large_blocks() -> None:
    """Lets blocks of 256 KiB and more go back to the system when they are freed; for a process of our own, on glibc.

    Left alone, glibc takes ever larger blocks from its heap, where batches of ever other sizes leave holes between
    what stays: over 100,000 texts hundreds of megabytes.
    """
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
