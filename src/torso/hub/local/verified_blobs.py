"""Contents of the Hub's cache whose hash is known to be right, so that each is hashed once and not at every get.

What another tool or a person put there has the right name and perhaps other bytes. The hash is found out when torso
first takes it, and kept with the size and the time of the last change in a file that huggingface_hub does not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from torso.errors import TorsoError
from torso.hub.local.hub_cache import VERIFIED, Repository
from torso.hub.remote_file import ETAG, RemoteFile
from torso.hub.transfer.digest import digest_of
from torso.io.files import read_text, write_atomically

_LIMIT = 64 << 20


class Verified:
    """The contents of one repository of the cache that are known to be right."""

    def __init__(self, home: Repository) -> None:
        self._home = home
        self._kept: Mapping[str, object] | None = None
        self._new: dict[str, list[int]] = {}

    def holds(self, path: Path, file: RemoteFile) -> bool:
        """Return whether a file has the content that its hash promises; hashed where that is not known already."""
        if not ETAG.fullmatch(file.etag):
            return True  # named by nothing but itself, in a cache without links
        if self._kept is None:
            self._kept = self._read()
        if self._new.get(file.etag, self._kept.get(file.etag)) == _state(path):
            return True
        if digest_of(path, file) != file.etag:
            return False
        self._new[file.etag] = _state(path)
        return True

    def write(self) -> None:
        """Keep what was found out, beside what is kept; of two processes at once, one may have to find out again."""
        kept = self._read()
        if any(kept.get(etag) != state for etag, state in self._new.items()):
            table = {"format": 1, "contents": {**kept, **self._new}}
            with write_atomically(self._home.folder / VERIFIED, self._home.root) as stream:
                stream.write(json.dumps(table, indent=1, sort_keys=True).encode())

    def _read(self) -> Mapping[str, object]:
        try:
            text = read_text(self._home.folder / VERIFIED, limit=_LIMIT, code="E_CACHE")
            table = cast("dict[str, object]", json.loads(text))
            kept = cast("dict[str, object]", table["contents"]) if table["format"] == 1 else {}
            return {etag: state for etag, state in kept.items() if ETAG.fullmatch(etag)}
        except (TorsoError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
