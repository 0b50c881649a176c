"""Removing what a cache holds: out of sight by one renaming first, so that no process finds half of it, then for good.

What is left where a process is killed in between has a name of its own, and goes with the next removal.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from torso.errors import AccessError, TorsoError
from torso.hub.local.bare_repository import discard_bare
from torso.hub.local.hub_cache import FOLDERS, Repository
from torso.io.files import shown
from torso.io.rooted import Root

_REMOVED = re.compile(r"\..+\.[0-9a-f]{16}\.removed", re.DOTALL)


@contextmanager
def removing() -> Generator[None]:
    """Raise operating system errors inside the block as torso's.

    Raises:
        AccessError: E_ACCESS.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, TorsoError):
            raise
        if isinstance(error, FileNotFoundError):
            return  # another process has removed it meanwhile
        raise AccessError(
            "E_ACCESS",
            "{path} cannot be removed: {reason}.",
            cure="Check its permissions.",
            values=dict(path=shown(str(error.filename)), reason=error.strerror or error),
        ) from error


def remove_folder(root: Root, folder: Path) -> None:
    """Remove a folder below ``root`` with everything in it, where it is there; of links, the links only."""
    discard_removed(root)
    gone = _out_of_sight(root, folder)
    with suppress(FileNotFoundError):
        root.names(folder)
        root.replace(folder, gone)
    root.remove_tree(gone)


def remove_repository(home: Repository) -> None:
    """Remove a model from the Hub's cache: all that a cache keeps of it, and its folder unless more is in that."""
    root, folder = home.root, home.folder
    discard_removed(root)
    discard_bare(root, folder)
    home.refuse_links()
    known = {*FOLDERS, *home.records}
    gone = _out_of_sight(root, folder)
    if known.issuperset(root.names(folder)):
        with suppress(FileNotFoundError):
            root.replace(folder, gone)
    for name in [each for each in (*FOLDERS, *home.records) if each in root.names(folder)]:
        root.replace(folder / name, gone / name)
    root.remove_tree(gone)
    root.remove_folder(folder)
    root.remove_tree(home.lock("x").parent)


def remove_revision(home: Repository, commit: str, refs: Iterable[str], blobs: Iterable[str]) -> None:
    """Remove one snapshot, which no process finds in part, then its refs, listing and the contents that are its own."""
    root, folder = home.root, home.folder
    discard_removed(root)
    home.refuse_links()
    gone = _out_of_sight(root, folder)
    root.replace(home.snapshot(commit), gone / commit)
    for path in (
        *(folder / "refs" / ref for ref in refs),
        *home.listings(commit),
        *(folder / "blobs" / blob for blob in blobs),
    ):
        root.remove(path)
    root.remove_tree(gone)


def discard_removed(root: Root, *, dry_run: bool = False) -> int:
    """Finish the removals from a cache that a killed process began; return the bytes freed."""
    freed = 0
    for gone in [root.path / name for name in root.names(root.path) if _REMOVED.fullmatch(name)]:
        freed += sum(path.lstat().st_size for path in gone.rglob("*"))
        if not dry_run:
            root.remove_tree(gone)
    return freed


def _out_of_sight(root: Root, folder: Path) -> Path:
    return root.path / f".{folder.name}.{secrets.token_hex(8)}.removed"
