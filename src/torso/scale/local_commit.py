"""Files of this machine that are committed by a link: of two writers of one name, one wins."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from torso.errors import DiskError
from torso.io.file_lock import exclude
from torso.io.paths import shown

TEMPORARY = "_torso/tmp"
_SILENCE = 3600.0  # seconds after which a temporary file counts as abandoned, where there are no locks
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def create(final: Path, data: bytes | memoryview) -> bool:
    """Write a file, flushed to the disk, and return whether it got its name; where that is taken, nothing is left.

    The file is written under ``_torso/tmp`` of its folder and gets its name by a link, which fails for a name that is
    taken.

    Raises:
        DiskError: E_DISK_FULL, E_WRITE.
    """
    temporary = final.parent / TEMPORARY / f"{final.name}.{secrets.token_hex(8)}"
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            return _commit(temporary, final)
    except OSError as error:
        raise DiskError(
            "E_DISK_FULL" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "E_WRITE",
            "{file} cannot be written: {reason}.",
            cure="Free space, and run the same command again: what is finished stays.",
            values=dict(file=shown(final), reason=error.strerror or error),
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the temporary files of processes that have ended."""
    for path in (folder / TEMPORARY).glob("*"):
        with suppress(OSError), path.open("r+b") as file:
            acquired = exclude(file.fileno())
            if acquired or (acquired is None and time.time() - path.stat().st_mtime > _SILENCE):
                path.unlink()


@contextmanager
def _locked(temporary: Path) -> Generator[BinaryIO]:
    """Make a file that `sweep` leaves alone as long as it is open."""
    while True:
        with temporary.open("xb") as file:
            exclude(file.fileno())
            if temporary.exists():  # otherwise a sweep saw it before it was locked
                yield file
                return


def _commit(temporary: Path, final: Path) -> bool:
    try:
        os.link(temporary, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links. Both attempts' contents are equal, so a rename over a file changes nothing.
        if final.exists():
            return False
        os.rename(temporary, final)
    descriptor = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True
