"""Folder for what torso makes ready once, and the judgement whether another user may have written there."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return a folder of torso's cache: ``TORSO_CACHE``, else ``torso`` in the folder for caches, and ``name`` in it.

    Raises:
        RuntimeError: for the home of a user who is not there.
    """
    named = os.environ.get("TORSO_CACHE", "").strip()
    if named:
        return Path(named).expanduser() / name
    local = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""
    base = os.environ.get("XDG_CACHE_HOME", "").strip() or local
    return (Path(base) if base else Path("~/.cache").expanduser()) / "torso" / name


def is_private(status: os.stat_result, *, of_system: bool = False) -> bool:
    """Return whether a file or folder is this user's, and writable by no other.

    Args:
        status: of the file or folder.
        of_system: whether one of the system's own user will do too.
    """
    if os.name == "nt":  # there the profile's folder keeps others out, and a mode says nothing
        return True
    owners = (os.geteuid(), 0) if of_system else (os.geteuid(),)
    return status.st_uid in owners and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
