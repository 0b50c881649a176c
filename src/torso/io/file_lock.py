"""Locks on open files between processes, freed by the system when a process dies."""

from __future__ import annotations

import errno
import os

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)


def exclude(descriptor: int, *, waits: bool = False) -> bool | None:
    """Keeps others from a file until ``descriptor`` is closed.

    Args:
        descriptor: open for writing.
        waits: wait for whoever holds it.

    Returns:
        True: held now. False: another holds it. None: the file system has no locks.
    """
    try:
        if os.name == "nt":
            import msvcrt

            how = msvcrt.LK_LOCK if waits else msvcrt.LK_NBLCK  # pyright: ignore (exists on Windows only)
            msvcrt.locking(descriptor, how, 1)  # pyright: ignore (exists on Windows only)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _BUSY else None
    return True
