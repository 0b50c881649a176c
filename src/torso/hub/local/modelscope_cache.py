"""ModelScope's own caches on this machine, both layouts, read in place and never written.

The layout since modelscope 1.38 is ``models/owner--name/snapshots/<branch>/``; before, it was
``[hub/]models/owner/name``, ``hub/owner/name``, or ``owner/name`` where MODELSCOPE_CACHE was set, with every "." of the
name written as "___".
"""

from __future__ import annotations

from pathlib import Path

from torso.hub.local.hub_cache import absent_in


def modelscope_folders(cache: Path, name: str, revision: str | None = None) -> list[Path]:
    """Return where ModelScope's tools put ``owner/name``, newest layout first; the folders need not exist.

    The old layout does not say which revision it holds, so with a ``revision`` other than the default it is left out.
    """
    owner, _, last = name.partition("/")
    branches = [revision] if revision else ["master", "main"]
    folders = [cache / "models" / f"{owner}--{last}" / "snapshots" / branch for branch in branches]
    if revision in (None, "master"):
        old = last.replace(".", "___")
        folders += [home / owner / old for home in (cache / "models", cache / "hub" / "models", cache / "hub", cache)]
    return folders


def find_in_modelscope(
    cache: Path, name: str, revision: str | None = None, *, config_only: bool = False
) -> Path | None:
    """Return the folder of ModelScope's cache that holds a whole ``owner/name``; None where none does."""
    if "/" not in name:
        return None
    for folder in modelscope_folders(cache, name, revision):
        if folder.is_dir() and not absent_in(folder, config_only=config_only):
            return folder
    return None
