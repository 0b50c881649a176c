"""Parts that wait on the disk for the next attempt: how much of them there is, whose they are, when they go."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from torso.hub.local.hub_cache import Repository
from torso.hub.remote_file import ETAG
from torso.hub.transfer.locking import locked_if_free
from torso.hub.transfer.partial_file import BROKEN_RECORD, SUFFIX, read_record

SILENCE = 3600.0
"""Seconds without a byte after which a partial file without a lock counts as abandoned."""
_LEFT = re.compile(rf"({ETAG.pattern})(\.[0-9a-f]{{16}})?({re.escape(SUFFIX)}(\.json)?|\.git|\.link)")


def arrived(path: Path) -> int:
    """Return the bytes that a partial file on the disk records as complete; 0 without one."""
    try:
        return sum(int(str(entry["done"])) for entry in cast("list[dict[str, object]]", read_record(path)["segments"]))
    except BROKEN_RECORD:
        return 0


def none_wanted(_etag: str, _revision: str) -> bool:
    """Return False: no partial file is wanted."""
    return False


def all_wanted(_etag: str, _revision: str) -> bool:
    """Return True: every partial file is wanted."""
    return True


def discard_stale(home: Repository, wanted: Callable[[str, str], bool] = none_wanted, *, dry_run: bool = False) -> int:
    """Remove partial files of a repository that no process writes and no download wants; return the bytes freed.

    Args:
        home: the repository.
        wanted: whether to keep a part, by the hash of its content and the revision it was fetched for. It is not asked
            where the content has come meanwhile, from whoever brought it, or where the part cannot be continued.
        dry_run: remove nothing.
    """
    freed = 0
    blobs = home.folder / "blobs"
    for path in [blobs / name for name in home.root.names(blobs) if _LEFT.fullmatch(name)]:
        etag = path.name.partition(".")[0]
        if not home.blob(etag).exists() and _is_wanted(path.with_name(path.name.removesuffix(".json")), etag, wanted):
            continue
        try:
            with locked_if_free(home.lock(etag), home.root) as acquired:
                status = path.lstat()
                if acquired or (acquired is None and time.time() - status.st_mtime > SILENCE):
                    freed += status.st_size
                    if not dry_run:
                        home.root.remove(path)
        except OSError:
            continue  # gone meanwhile, or in a cache that may not be written
    return freed


def _is_wanted(part: Path, etag: str, wanted: Callable[[str, str], bool]) -> bool:
    try:
        return part.exists() and wanted(etag, str(read_record(part)["revision"]))
    except BROKEN_RECORD:
        return False
