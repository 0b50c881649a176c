"""Safe file reads and writes: regular files only, within size limits, inside their folder, atomically.

Everything for files is imported from here; `torso.io.sniff`, `torso.io.strict_json`, `torso.io.paths` and
`torso.io.atomic_write` hold parts of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from torso.errors import (
    AccessError,
    FileFormatError,
    LimitError,
    NotFoundError,
    TorsoError,
    UnsafeFileError,
)
from torso.io.atomic_write import make_folder, write_atomically
from torso.io.embedded_files import embedded_bytes, is_there
from torso.io.paths import inside, shown
from torso.io.sniff import HEAD, LfsPointer, lfs_pointer, sniff
from torso.io.strict_json import parse_json

__all__ = [
    "HEAD",
    "LfsPointer",
    "inside",
    "is_there",
    "lfs_pointer",
    "make_folder",
    "open_regular",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_text",
    "shown",
    "sniff",
    "write_atomically",
]

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0)  # a FIFO put in the file's place after it was looked at must not hang us


@contextmanager
def open_regular(path: Path) -> Generator[tuple[int, int]]:
    """Open a regular file for reading; yield its descriptor and size in bytes, and close it at the end.

    Raises:
        NotFoundError: E_MISSING_FILE; E_ACCESS for a link to nothing.
        AccessError: E_ACCESS for a folder or a file that may not be read.
        UnsafeFileError: E_UNSAFE_PATH for a FIFO, socket or device, which is never opened.
    """
    try:
        _require_regular(path, path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | _BINARY | _NEVER_WAIT)
    except (OSError, ValueError) as error:
        if isinstance(error, TorsoError):
            raise
        raise _why_unreadable(path, error) from None
    try:
        status = os.fstat(descriptor)
        _require_regular(path, status.st_mode)
        yield descriptor, status.st_size
    finally:
        os.close(descriptor)


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise AccessError(
            "E_ACCESS",
            "{path} is a folder, and a file is wanted there.",
            cure="Name the file inside it, or take the folder away.",
            values=dict(path=shown(path)),
        )
    if not stat.S_ISREG(mode):
        raise UnsafeFileError(
            "E_UNSAFE_PATH",
            "{path} is a pipe, socket or device; it was not opened.",
            cure="Put a regular file in its place.",
            values=dict(path=shown(path)),
        )


def _why_unreadable(path: Path, error: OSError | ValueError) -> TorsoError:
    folder = shown(path.parent)
    if _is_link(path):
        return NotFoundError(
            "E_ACCESS",
            "{path} is a link to {target}, which is not there.",
            cure="Download the file again: torso repair {folder}",
            values=dict(path=shown(path), target=shown(os.readlink(path)), folder=folder),
        )
    if isinstance(error, FileNotFoundError):
        return NotFoundError(
            "E_MISSING_FILE",
            "{path} is not there.",
            cure="Download it: torso repair {folder}",
            values=dict(path=shown(path), folder=folder),
        )
    return AccessError(
        "E_ACCESS",
        "{path} cannot be read: {reason}.",
        cure="Check the path and its permissions.",
        values=dict(path=shown(path), reason=getattr(error, "strerror", None) or error),
    )


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except (OSError, ValueError):  # in a folder that may not be searched; a NUL in the path
        return False


def read_bytes(path: Path, *, limit: int) -> bytes:
    """Return the whole of a small file.

    Args:
        path: a regular file, a link to one, or a file that another holds (see `torso.io.embedded_files`).
        limit: the most bytes it may have.

    Raises:
        NotFoundError, AccessError, UnsafeFileError: as `open_regular`.
        LimitError: E_LIMIT, before anything is read.
        FileFormatError: E_EMPTY; E_LFS_POINTER and E_WEB_PAGE where something else was saved under this name.
    """
    embedded = embedded_bytes(path)
    if embedded is not None:
        _require_size(path, len(embedded), limit)
        return embedded
    with open_regular(path) as (descriptor, size):
        _require_size(path, size, limit)
        data = b""
        while part := os.read(descriptor, size + 1 - len(data)):
            data = data + part if data else part
    refuse_placeholder(path, sniff(data[:HEAD]), data[: HEAD + 1], "E_WEB_PAGE")
    return data


def _require_size(path: Path, size: int, limit: int) -> None:
    if size > limit:
        raise LimitError(
            "E_LIMIT",
            "{path} has {size} bytes; at most {limit} are read.",
            cure="Check that this is the file you mean.",
            values=dict(path=shown(path), size=size, limit=limit),
        )


def refuse_placeholder(path: Path, kind: str, head: bytes, web_page: str) -> None:
    """Raise if a file is empty, a Git LFS pointer or a web page instead of its real contents.

    Args:
        path: the file.
        kind: what `sniff` says it is.
        head: its first bytes, enough to hold a whole pointer and one more.
        web_page: the code for a web page.

    Raises:
        FileFormatError: E_EMPTY, E_LFS_POINTER, or the code given.
    """
    values = dict(path=shown(path), folder=shown(path.parent))
    if kind == "empty":
        raise FileFormatError(
            "E_EMPTY",
            "{path} is empty: its download did not finish.",
            cure="Download it again: torso repair {folder}",
            values=values,
        )
    if kind == "lfs-pointer":
        pointer = lfs_pointer(head)
        raise FileFormatError(
            "E_LFS_POINTER",
            "{path} is a Git LFS pointer; the file itself ({size} bytes) was never downloaded.",
            cure="Run: torso repair {folder}   (git-lfs is not needed)",
            values=values | {"size": f"{pointer.size:,}" if pointer else "?"},
        )
    if kind == "html":
        raise FileFormatError(
            web_page,
            "{path} is a web page saved under this name, not the file.",
            cure="Download the file itself: torso repair {folder}, or the download button of the page.",
            values=values,
        )


def read_text(path: Path, *, limit: int, code: str) -> str:
    """Return the text of a UTF-8 file, without its byte order mark.

    Raises:
        TorsoError: as `read_bytes`.
        FileFormatError: with ``code``, where the bytes are not UTF-8.
    """
    data = read_bytes(path, limit=limit)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else sniff(data[:HEAD])
        raise FileFormatError(
            code,
            "{path} is not UTF-8 text: byte {byte} at offset {offset}. It looks like: {kind}.",
            cure="Save it as UTF-8, or download it again: torso repair {folder}",
            values=dict(
                path=shown(path),
                byte=f"0x{data[error.start]:02x}",
                offset=error.start,
                kind=kind,
                folder=shown(path.parent),
            ),
        ) from None


def read_json(path: Path, *, limit: int, code: str, strict: bool = False) -> object:
    """Return the value of a JSON file, parsed as Python does, or strictly.

    Raises:
        TorsoError: as `read_text` and `parse_json`.
    """
    return parse_json(read_text(path, limit=limit, code=code), path=path, code=code, strict=strict)
