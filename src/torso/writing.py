"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from torso.errors import AccessError, DiskError, TorsoError
from torso.paths import shown


@contextmanager
def write_atomically(path: Path) -> Generator[BinaryIO]:
    """A binary file to write ``path`` through: it appears whole at the end, or not at all.

    The bytes go to a temporary file beside it, which is flushed to the disk and renamed over ``path``. After any
    exception, KeyboardInterrupt among them, ``path`` is as it was and nothing is left. A process killed outright can
    leave the temporary file, whose name begins with a dot, and never half of ``path``.

    Raises:
        AccessError: E_ACCESS, where the folder does not take a new file.
        DiskError: E_DISK_FULL.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.temporary")
    try:
        file = temporary.open("xb")
    except OSError as error:
        raise _why_unwritable(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and _is_ours(error):
            raise _why_unwritable(path, error) from error
        raise
    _flush_folder(path.parent)


def _is_ours(error: OSError) -> bool:
    """Whether an error came from writing, and not from what the caller did in between, such as reading a socket."""
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
    """Makes a rename last through a power failure, where the system lets a folder be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
