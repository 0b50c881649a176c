"""File names: how they are escaped in messages, and which of those found in a file may be followed."""

from __future__ import annotations

import stat
import unicodedata
from pathlib import Path

from torso.errors import AccessError, NotFoundError, UnsafeFileError

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format, surrogate and line-separator characters
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"]
)


def shown(path: Path | str) -> str:
    """Return ``path`` escaped for a message: characters that break or reverse a line are written as escapes."""
    text = str(path)
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in _HIDDEN else c for c in text)


def inside(folder: Path, name: str) -> Path:
    """Return the path of ``name``, a relative name found in a file of ``folder``, which need not exist.

    A link may not lead out of the folder, except in the Hub's cache, where ``snapshots/<commit>/x``, in whatever depth,
    is a link to ``blobs/<etag>`` of the same repository.

    Raises:
        UnsafeFileError: E_UNSAFE_PATH: absolute, a drive, "..", a backslash, an invisible character, a name of a
            Windows device; a link out of the folder; a folder, FIFO or device. Nothing is opened.
        AccessError: E_ACCESS, a folder on the way may not be searched.
        NotFoundError: E_NO_FOLDER, ``folder`` is relative, and the working folder was removed.
    """
    values = dict(name=repr(name[:200]), folder=shown(folder))
    if _is_unsafe_name(name):
        raise UnsafeFileError(
            "E_UNSAFE_PATH",
            "The name {name} in a file of {folder} is refused: it is absolute, leads upwards, or is no safe file name.",
            cure="Get the model again from a source you trust.",
            values=values,
        )
    path = folder / name
    try:
        home, target = folder.resolve(), path.resolve()
        mode = target.stat().st_mode if target.exists() else stat.S_IFREG
    except (OSError, RuntimeError) as error:  # a loop of links; RuntimeError up to Python 3.12
        if isinstance(error, FileNotFoundError) and not folder.is_absolute():
            raise _no_working_folder(folder) from None
        if isinstance(error, PermissionError):
            raise _refused(error) from None
        home, target, mode = folder, path, 0
    if not _is_within(home, target):
        raise UnsafeFileError(
            "E_UNSAFE_PATH",
            "{name} in {folder} is a link to {target}, outside that folder.",
            cure="Put the file itself in the folder.",
            values=values | {"target": shown(target)},
        )
    if not stat.S_ISREG(mode):
        raise UnsafeFileError(
            "E_UNSAFE_PATH",
            "{name} in {folder} is a folder, pipe, socket, device or endless link; it was not opened.",
            cure="Put a regular file in its place.",
            values=values,
        )
    return path


def _refused(error: PermissionError) -> AccessError:
    return AccessError(
        "E_ACCESS",
        "{path} cannot be read: {reason}.",
        cure="Check the path and its permissions.",
        values=dict(path=shown(str(error.filename)), reason=error.strerror or error),
    )


def _no_working_folder(folder: Path) -> NotFoundError:
    return NotFoundError(
        "E_NO_FOLDER",
        "{folder} is below the working folder, and that was removed.",
        cure="Go to a folder that is there, and run the same command again: cd ~",
        values=dict(folder=shown(folder)),
    )


def _is_unsafe_name(name: str) -> bool:
    parts = name.split("/")
    return (
        any(unicodedata.category(c) in _HIDDEN or c in '\\:*?"<>|' for c in name)
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
        or any(part[-1] in " ." or part.split(".")[0].rstrip().lower() in _DEVICES for part in parts)
    )


def _is_within(home: Path, target: Path) -> bool:
    if target.is_relative_to(home):
        return True
    # A module of a snapshot is a folder below it, such as 0_Transformer.
    snapshots = (each.parent for each in (home, *home.parents) if each.parent.name == "snapshots")
    return any(target.parent == (each.parent / "blobs").resolve() for each in snapshots)
