"""Locks between processes, freed by the system when a process dies, on the files that huggingface_hub locks too."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from torso.io.file_lock import exclude_others
from torso.io.rooted import Root

_POLL = 0.05  # seconds; short, because waiting for another process is rare and should end promptly


@contextmanager
def locked(
    path: Path, cancelled: threading.Event, on_wait: Callable[[], None], root: Root | None = None
) -> Generator[bool]:
    """Hold the lock on ``path``, waiting for whoever holds it; True, or False where the file system has no locks.

    Args:
        path: the lock file; it stays, since removing it would split those who wait.
        cancelled: ends the waiting; the lock is then not held, and the caller sees the event.
        on_wait: called once if another process holds it.
        root: the folder below which no link is followed; None for the one that the file is in.
    """
    root = root or Root(path.parent)
    while True:
        descriptor = _open(path, root)
        try:
            acquired = _wait(descriptor, path, root, cancelled, on_wait)
            if acquired and not _is_there(descriptor, path, root):
                continue  # who held it took the file away with the folder: the lock of others is a new one
            yield acquired
            return
        finally:
            os.close(descriptor)  # which frees the lock


@contextmanager
def locked_if_free(path: Path, root: Root | None = None) -> Generator[bool | None]:
    """Hold the lock on ``path`` if it is free; yield False where it is not, None without locks on this system."""
    root = root or Root(path.parent)
    descriptor = _open(path, root)
    try:
        yield exclude_others(descriptor, path, root)
    finally:
        os.close(descriptor)


def _open(path: Path, root: Root) -> int:
    return root.open(path, os.O_RDWR | os.O_CREAT, writes=False)


def _is_there(descriptor: int, path: Path, root: Root) -> bool:
    """Return whether a descriptor is of the file that others find under its name."""
    status = root.status(path)
    return status is not None and os.path.samestat(os.fstat(descriptor), status)


def _wait(descriptor: int, path: Path, root: Root, cancelled: threading.Event, on_wait: Callable[[], None]) -> bool:
    first = True
    while (acquired := exclude_others(descriptor, path, root)) is False:
        if first:
            on_wait()
            first = False
        if cancelled.wait(_POLL):
            return False
    return bool(acquired)
