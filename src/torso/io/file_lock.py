"""Inter-process locks on open files, released by the system when a process dies."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from torso.io.rooted import Root

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)


def exclude(descriptor: int) -> bool | None:
    """Lock a file against other processes until ``descriptor``, which is open for writing, is closed.

    Returns:
        True: held now. False: another holds it. None: the file system has no locks.
    """
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # pyright: ignore (exists on Windows only)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _BUSY else None
    return True


def exclude_others(descriptor: int, path: Path, root: Root) -> bool | None:
    """Lock the file at ``path`` against other processes until ``descriptor``, which is open on it, is closed.

    Some network file systems grant every lock to everybody. There the same file, opened once more, is granted too, and
    the lock counts as none.

    Returns:
        True: held now. False: another holds it. None: the file system has no locks, or its locks lock nothing.
    """
    acquired = exclude(descriptor)
    if not acquired:
        return acquired
    try:
        other = root.open(path, os.O_RDWR, writes=False)
    except FileNotFoundError:
        return acquired  # whoever had it before removed it, for the caller to find out
    try:
        is_same = os.path.samestat(os.fstat(descriptor), os.fstat(other))
        return None if is_same and exclude(other) else True
    finally:
        os.close(other)
