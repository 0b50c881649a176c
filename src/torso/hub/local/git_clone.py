"""Git clones that are already on this machine: their commit, their address, and objects of Git LFS they hold."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from torso.errors import TorsoError
from torso.io.files import read_text

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/[\w./-]{1,200}")


def git_slug(address: str) -> str:
    """Return the name under which a git repository is kept in the cache: readable, and one for each address."""
    address = address.removesuffix("/").removesuffix(".git")
    words = re.sub(r"[^A-Za-z0-9._]+", "-", address.split("://")[-1]).strip("-.")
    return f"{words[-60:].strip('-.')}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def git_folder(folder: Path) -> Path | None:
    """Return the folder of git's own data in a clone; None where ``folder`` is not a clone."""
    home = folder / ".git"
    return home if (home / "HEAD").is_file() else None


def head_commit(folder: Path) -> str | None:
    """Return the commit that a clone has checked out, read from its files without git; None where it has none."""
    home = git_folder(folder)
    if home is None:
        return None
    head = _read(home / "HEAD")
    if not head.startswith("ref: "):
        return head if _COMMIT.fullmatch(head) else None
    ref = head.removeprefix("ref: ")
    if not _REF.fullmatch(ref) or ".." in ref:
        return None
    commit = _read(home / ref)
    if not commit:
        packed = re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$", _read(home / "packed-refs"), re.MULTILINE)
        commit = packed[1] if packed else ""
    return commit if _COMMIT.fullmatch(commit) else None


def remote_address(folder: Path) -> str | None:
    """Return the address that a clone came from; None where it names none."""
    home = git_folder(folder)
    text = _read(home / "config") if home else ""
    section = re.search(r'^\[remote "origin"\]\s*$(.*?)(?=^\[|\Z)', text, re.MULTILINE | re.DOTALL)
    address = re.search(r"^\s*url\s*=\s*(\S+)\s*$", section[1], re.MULTILINE) if section else None
    return address[1] if address else None


def lfs_object(folder: Path, oid: str) -> Path | None:
    """Return the object of Git LFS with this SHA-256, where a clone holds it; not yet verified."""
    home = git_folder(folder)
    path = home / "lfs" / "objects" / oid[:2] / oid[2:4] / oid if home else None
    return path if path is not None and path.is_file() else None


def _read(path: Path) -> str:
    try:
        return read_text(path, limit=16 << 20, code="E_GIT").strip()
    except TorsoError:
        return ""
