"""Files that hold other files: ``model.gguf`` is read as a folder, with ``model.gguf/config.json`` and others in it.

What reads a model's folder by `torso.io.files` reads such a file too. Nothing is written anywhere: what is held is made
in memory by a function that a higher part registers for an ending.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Reader = Callable[[Path, str], bytes | None]
"""Gives the bytes that a file holds under a relative name; None where it holds no such file."""

_READERS: dict[str, Reader] = {}


def register(ending: str, reader: Reader) -> None:
    """Register what reads the files held by those of an ending, such as ``.gguf``."""
    _READERS[ending] = reader


def holds_files(path: Path) -> bool:
    """Return whether a path is a file that holds others, by its ending."""
    try:
        return path.suffix.lower() in _READERS and path.is_file()
    except (OSError, ValueError):  # a name too long for the system; a NUL in it
        return False


def embedded_bytes(path: Path) -> bytes | None:
    """Return the bytes of a file that is held by another; None if it is not.

    Raises:
        TorsoError: as the reader of the holding file.
    """
    for parent in path.parents:
        if holds_files(parent):
            return _READERS[parent.suffix.lower()](parent, path.relative_to(parent).as_posix())
    return None


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists, or is held by a file.

    Raises:
        TorsoError: as `embedded_bytes`.
    """
    return path.exists() or embedded_bytes(path) is not None
