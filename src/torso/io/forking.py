"""Fork support: children compute on one thread, since a fork copies the parent's memory but none of its threads.

OpenMP, with which PyTorch shares out its loops, never notices a fork: in the child, the first loop of more than one
thread waits for ever for threads that only the parent has. A child of a process that has loaded torso's models
runs PyTorch on one thread. No result depends on that. Whoever asks for more there (`torch.set_num_threads`) gets
them from PyTorch only if the parent never computed; a process that is spawned knows nothing of any of this.

Nothing here loads PyTorch: where it is not loaded there is nothing of it to set.
"""

from __future__ import annotations

import os
import sys
from functools import cache

_forked = False


def forked() -> bool:
    """Return whether this process was forked after torso's models were loaded, and so runs PyTorch on one thread."""
    return _forked


def _in_the_child() -> None:
    global _forked
    _forked = True
    limit = getattr(sys.modules.get("torch"), "set_num_threads", None)
    if limit is not None:
        limit(1)


@cache
def compute_after_forks() -> None:
    """Register a fork handler that lets children of this process compute. Does nothing without fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_the_child)


def processors() -> int:
    """Return how many threads to compute on without PyTorch: one in a fork, else ``OMP_NUM_THREADS`` or all allowed."""
    if _forked:
        return 1
    stated = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if stated.isdecimal() and int(stated):
        return int(stated)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
