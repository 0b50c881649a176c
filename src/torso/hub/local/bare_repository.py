"""The folders in which git fetches for a while: one for each run, removed at its end, or by the next run after a kill.

Beside each is a file that its process keeps locked, so that others can tell the folders of dead processes. It is made
first and removed last: a folder without it is not torso's, and stays.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from torso.hub.local.leftovers import SILENCE
from torso.hub.transfer.download import write_errors
from torso.hub.transfer.locking import locked, locked_if_free
from torso.io.rooted import Root

_LOCK = re.compile(r"\.git-[0-9a-f]{16}\.lock")


@contextmanager
def bare_folder(root: Root, parent: Path) -> Generator[Path]:
    """Make an empty folder in ``parent``, at or below ``root``; remove those that killed processes left.

    Raises:
        AccessError: E_ACCESS. UnsafeFileError: E_UNSAFE_PATH, a link on the way.
    """
    bare = parent / f".git-{secrets.token_hex(8)}"
    lock = bare.with_name(bare.name + ".lock")
    with ExitStack() as stack:
        with write_errors(parent):
            was_there = parent == root.path or root.status(parent) is not None
            discard_bare(root, parent)
            stack.enter_context(locked(lock, threading.Event(), lambda: None, root))
            root.make_folder(bare)
        try:
            yield bare
        finally:
            _remove(root, bare, lock)
            if not was_there:
                with suppress(OSError):
                    root.remove_folder(parent)


def discard_bare(root: Root, parent: Path, *, dry_run: bool = False) -> int:
    """Remove the folders in ``parent`` that no process uses; return the bytes freed."""
    freed = 0
    for name in filter(_LOCK.fullmatch, root.names(parent)):
        lock, bare = parent / name, parent / name.removesuffix(".lock")
        with suppress(OSError), locked_if_free(lock, root) as acquired:
            status = root.status(lock)
            if status is not None and (acquired or (acquired is None and time.time() - status.st_mtime > SILENCE)):
                freed += sum(path.lstat().st_size for path in bare.rglob("*"))
                if not dry_run:
                    _remove(root, bare, lock)
    return freed


def _remove(root: Root, bare: Path, lock: Path) -> None:
    """Remove a folder and then its lock, which stays where something of the folder does."""
    with suppress(OSError):
        root.remove_tree(bare)
        root.remove(lock)
