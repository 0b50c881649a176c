"""Reading and writing at a position of an open file, by several threads at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from torso.io.rooted import Root


def open_for_writing(path: Path, root: Root) -> int:
    """Return a descriptor of a file below ``root``, open for reading and writing, created if it does not exist."""
    return root.open(path, os.O_RDWR | os.O_CREAT)


if hasattr(os, "pwrite"):

    def write_at(descriptor: int, data: bytes | memoryview, position: int) -> None:
        """Write all of ``data`` at a position."""
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, position)
            view, position = view[written:], position + written

    def read_at(descriptor: int, length: int, position: int) -> bytes:
        """At most ``length`` bytes from a position."""
        return os.pread(descriptor, length, position)

else:  # Windows has no positioned writes: one at a time, then
    _TURN = threading.Lock()

    def write_at(descriptor: int, data: bytes | memoryview, position: int) -> None:
        """Write all of ``data`` at a position."""
        with _TURN:
            os.lseek(descriptor, position, os.SEEK_SET)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]

    def read_at(descriptor: int, length: int, position: int) -> bytes:
        """At most ``length`` bytes from a position."""
        with _TURN:
            os.lseek(descriptor, position, os.SEEK_SET)
            return os.read(descriptor, length)
