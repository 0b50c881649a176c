"""``torso.lock.json``: which commit a plain folder holds, with the size and SHA-256 of every file.

With it a folder can be verified without a network, and fetched again exactly, from any server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import FileFormatError
from torso.hub.file_selection import OWN
from torso.io.files import read_json, write_atomically
from torso.io.rooted import Root

NAME = OWN
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Locked:
    """One file of a lock: bytes, SHA-256, and the hash by which its hub knows it."""

    size: int
    sha256: str
    etag: str


@dataclass(frozen=True, slots=True)
class Lock:
    """What a folder must hold.

    Attributes:
        source: the name to fetch it again by, such as ``hfl/rbt3`` or ``modelscope:org/name``.
        origin: the server that gave it.
        revision: branch or tag asked for.
        commit: what that was.
        files: by path, with "/".
    """

    source: str
    origin: str
    revision: str
    commit: str
    files: Mapping[str, Locked]


def read_lock(folder: Path) -> Lock | None:
    """Return the lock of a folder; None where it has none.

    Raises:
        FileFormatError: E_LOCK_FILE, it is not such a file.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    value = read_json(path, limit=64 << 20, code="E_LOCK_FILE")
    try:
        table = cast("dict[str, object]", value)
        files = {name: _locked(entry) for name, entry in cast("dict[str, dict[str, object]]", table["files"]).items()}
        source, origin, revision, commit = (str(table[key]) for key in ("source", "origin", "revision", "commit"))
        if table["format"] != 1 or not _HEX.fullmatch(commit):
            raise ValueError(commit)
        return Lock(source, origin, revision, commit, files)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(
            "E_LOCK_FILE",
            "{path} is not a lock of torso: {reason}.",
            cure="Delete it, or get the folder again: torso get NAME --to {folder}",
            values=dict(path=path, reason=repr(error), folder=folder),
        ) from None


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock of a folder."""
    files = {
        name: {"size": entry.size, "sha256": entry.sha256, "etag": entry.etag}
        for name, entry in sorted(lock.files.items())
    }
    table = {
        "format": 1,
        "source": lock.source,
        "origin": lock.origin,
        "revision": lock.revision,
        "commit": lock.commit,
        "files": files,
    }
    with write_atomically(folder / NAME, Root(folder)) as file:
        file.write((json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode())


def _locked(entry: Mapping[str, object]) -> Locked:
    size, sha256, etag = entry["size"], str(entry["sha256"]), str(entry["etag"])
    if (
        not isinstance(size, int)
        or size < 0
        or len(sha256) != 64
        or not (_HEX.fullmatch(sha256) and _HEX.fullmatch(etag))
    ):
        raise ValueError(sha256)
    return Locked(size, sha256, etag)
