"""Weight file opened for positioned reads."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from io import FileIO
from pathlib import Path

from torso.errors import FileFormatError
from torso.io.files import open_regular
from torso.io.paths import shown


class ByteFile:
    """Regular file of ``size`` bytes, open until garbage-collected; thread-safe positioned reads."""

    def __init__(self, path: Path) -> None:
        """Open ``path``.

        Raises:
            TorsoError: as `torso.io.files.open_regular`.
        """
        self.path = path
        with open_regular(path) as (descriptor, self.size):
            self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._lock = threading.Lock()

    def read_into(self, target: memoryview, offset: int) -> None:
        """Fill ``target`` with the bytes from ``offset`` on.

        Raises:
            FileFormatError: E_TRUNCATED, where the file ends before.
        """
        filled = 0
        while filled < len(target):
            count = self._read_at(target[filled:], offset + filled)
            if count == 0:
                raise truncated(self.path, offset + filled, offset + len(target))
            filled += count

    def read(self, offset: int, count: int) -> bytes:
        """Return ``count`` bytes from ``offset`` on; for counts that the caller knows to be small.

        Raises:
            FileFormatError: E_TRUNCATED, where the file ends before.
        """
        if offset + count > self.size:
            raise truncated(self.path, self.size, offset + count)
        data = bytearray(count)
        self.read_into(memoryview(data), offset)
        return bytes(data)

    def _read_at(self, target: memoryview, offset: int) -> int:
        if sys.platform != "win32":
            return os.preadv(self._descriptor, [target], offset)
        with self._lock, FileIO(self._descriptor, closefd=False) as file:
            file.seek(offset)
            return file.readinto(target) or 0


def truncated(path: Path, have: int, need: int) -> FileFormatError:
    """Build the error for a file that ends too early."""
    return FileFormatError(
        "E_TRUNCATED",
        "{path} is truncated: it has {have} of {need} bytes, {missing} are missing.",
        cure="Download it again: torso repair {folder}",
        values=dict(
            path=shown(path), have=f"{have:,}", need=f"{need:,}", missing=f"{need - have:,}", folder=shown(path.parent)
        ),
    )
