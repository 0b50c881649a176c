"""Atomic file writes: a file appears whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from torso.errors import AccessError, DiskError, TorsoError, UnsafeFileError
from torso.io.file_lock import exclude, exclude_others
from torso.io.paths import shown
from torso.io.rooted import Root

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_TEMPORARY = re.compile(r"\..{1,100}\.[0-9a-f]{16}\.temporary", re.DOTALL)
_SILENCE = 3600.0  # seconds after which an unlocked temporary file counts as abandoned


def make_folder(path: Path) -> None:
    """Make a folder to write into, and its missing parents.

    Raises:
        AccessError: E_ACCESS.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AccessError(
            "E_ACCESS",
            "{folder} cannot be made: {reason}.",
            cure="Choose a folder that you may write to.",
            values=dict(folder=shown(error.filename or path), reason=error.strerror or error),
        ) from None


_UNFINISHED: dict[Path, Root] = {}
"""Temporary files that are being written. A signal may arrive between any two steps of what writes them."""


def remove_unfinished() -> None:
    """Remove this process's temporary files that no writer uses any more: for the end of a command."""
    while _UNFINISHED:
        temporary, root = _UNFINISHED.popitem()
        with suppress(OSError):
            root.remove(temporary)


@contextmanager
def write_atomically(path: Path, root: Root | None = None) -> Generator[BinaryIO]:
    """Open a binary file that replaces ``path`` atomically: it appears whole on success, or not at all.

    The bytes go to a temporary file beside it, which is flushed to the disk and renamed over ``path``; where ``path``
    is a link, it takes the place of the link. After any exception, KeyboardInterrupt among them, ``path`` is as it was
    and nothing remains. A process killed outright leaves the temporary file, and never half of ``path``; the next one
    that writes into the folder removes it.

    Args:
        path: the file.
        root: a folder that ``path`` is below, in whatever depth: no link on the way is followed, and the folders on
            the way are made. None for the folder that ``path`` is in, which must be there.

    Raises:
        AccessError: E_ACCESS, where the folder does not take a new file.
        UnsafeFileError: E_UNSAFE_PATH, where ``path`` is a pipe, socket or device, or a link to one; a link on the way.
        DiskError: E_DISK_FULL.
    """
    base = root or Root(path.parent)
    try:
        _refuse_special(path)
        if root is None:
            path.parent.stat()
        _sweep(base, path.parent)
        temporary, file = _temporary(base, path)
    except OSError as error:
        if isinstance(error, TorsoError):
            raise
        raise _why_unwritable(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name != "nt":  # which does not rename what is open; elsewhere the lock is kept until it has its name
                base.replace(temporary, path)
        if os.name == "nt":
            base.replace(temporary, path)
        _UNFINISHED.pop(temporary, None)
    except BaseException as error:
        with suppress(OSError):
            base.remove(temporary)
        _UNFINISHED.pop(temporary, None)
        if isinstance(error, OSError) and _is_ours(error):
            raise _why_unwritable(path, error) from error
        raise
    _flush_folder(path.parent)


def _temporary(root: Root, path: Path) -> tuple[Path, BinaryIO]:
    """Create a temporary file beside ``path``, locked while open, so that abandoned ones can be recognised."""
    while True:
        temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.temporary")
        _UNFINISHED[temporary] = root
        try:
            descriptor = root.open(temporary, _NEW)
        except BaseException:
            del _UNFINISHED[temporary]
            raise
        if exclude(descriptor) is not False and root.status(temporary) is not None:
            return temporary, os.fdopen(descriptor, "wb")
        del _UNFINISHED[temporary]
        os.close(descriptor)  # another process took it for one that was left, and removes it


def _sweep(root: Root, folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder."""
    for name in root.names(folder):
        if _TEMPORARY.fullmatch(name):
            with suppress(OSError):
                _remove_if_left(root, folder / name)


def _remove_if_left(root: Root, path: Path) -> None:
    descriptor = root.open(path, os.O_RDWR, writes=False)
    try:
        acquired = exclude_others(descriptor, path, root)
        if acquired or (acquired is None and time.time() - os.fstat(descriptor).st_mtime > _SILENCE):
            root.remove(path)
    finally:
        os.close(descriptor)


def _refuse_special(path: Path) -> None:
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UnsafeFileError(
                "E_UNSAFE_PATH",
                "{path} is a pipe, socket or device; it was not opened.",
                cure="Put a regular file in its place.",
                values=dict(path=shown(path)),
            )


def _is_ours(error: OSError) -> bool:
    """Return whether an error came from writing, and not from the caller's own code, such as reading a socket."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EISDIR) and not isinstance(
        error, TorsoError
    )


def _why_unwritable(path: Path, error: OSError) -> TorsoError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskError(
            "E_DISK_FULL",
            "The disk has no room for {path}; nothing was left half-written.",
            cure="Free some space, or choose another folder.",
            values=dict(path=shown(path)),
        )
    return AccessError(
        "E_ACCESS",
        "{path} cannot be written: {reason}.",
        cure="Check that its folder exists and that you may write there.",
        values=dict(path=shown(path), reason=error.strerror or error),
    )


def _flush_folder(folder: Path) -> None:
    """Flush a folder, so that a rename survives a power failure; nothing on systems that cannot open folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
