"""What a folder's files should be, as far as anything on this machine says: sizes and hashes, and who says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torso.errors import TorsoError
from torso.hub.local.git_binary import has_git
from torso.hub.local.git_clone import git_folder, head_commit, remote_address
from torso.hub.local.git_objects import files_of
from torso.hub.local.hub_cache import Repository, files_in
from torso.hub.local.lockfile import read_lock
from torso.hub.remote_file import COMMIT, ETAG, RemoteFile
from torso.io.files import read_text

UNKNOWN = -1  # the size is not stated
_LOCAL = Path(".cache") / "huggingface" / "download"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a folder should hold.

    Attributes:
        known_from: what states it, in words; empty without one.
        files: by path.
        whole: the listing is of the whole repository; else of what was fetched only.
        source: the name to fetch the model by again; None where it is unknown.
        revision: the commit, where it is known.
    """

    known_from: str = ""
    files: Mapping[str, RemoteFile] | None = None
    whole: bool = False
    source: str | None = None
    revision: str | None = None


def evidence_of(folder: Path) -> Evidence:
    """Return what is known on this machine about the files of a folder, without a request.

    In this order: torso's lock, the Hub's cache, a git clone, the records that ``hf download --local-dir`` leaves.

    Raises:
        FileFormatError: E_LOCK_FILE.
    """
    lock = read_lock(folder)
    if lock is not None:
        files = {
            path: RemoteFile(path, entry.size, entry.sha256, entry.etag[:40]) for path, entry in lock.files.items()
        }
        return Evidence("torso.lock.json", files, False, lock.source, lock.commit)
    if folder.parent.name == "snapshots" and COMMIT.fullmatch(folder.name):
        return _of_snapshot(folder)
    if git_folder(folder) is not None:
        return _of_clone(folder)
    return _of_local(folder)


def _of_snapshot(folder: Path) -> Evidence:
    home = folder.parent.parent
    tree = Repository(home.parent, home.name).tree(folder.name)
    parts = home.name.split("--")[1:]
    prefix = "modelscope:" if parts[:1] == ["ms"] and len(parts) == 3 else ""
    name: str | None = prefix + "/".join(parts[1:] if prefix else parts)
    if parts[:1] == ["git"] and len(parts) == 2:
        address = Repository(home.parent, home.name).address()
        name = f"git+{address}" if address else None
    if tree is not None:
        return Evidence("the listing of the hub", tree, True, name, folder.name)
    files = {path: _by_blob(folder, path) for path in files_in(folder)}
    return Evidence(
        "the names of the blobs", {path: file for path, file in files.items() if file}, False, name, folder.name
    )


def _by_blob(folder: Path, path: str) -> RemoteFile | None:
    blob = (folder / path).resolve().name
    return RemoteFile(path, UNKNOWN, blob, blob[:40]) if ETAG.fullmatch(blob) else None


def _of_clone(folder: Path) -> Evidence:
    commit, address = head_commit(folder), remote_address(folder)
    source = f"git+{address}" if address and address.startswith(("https://", "http://")) else None
    if commit is None or not has_git():
        return Evidence("", None, False, source, commit)
    try:
        tree = files_of(folder, commit)
    except TorsoError:
        return Evidence("", None, False, source, commit)
    files = {file.path: file for file in tree.files}
    for path, blob in tree.lost.items():
        # Whether it was a pointer of Git LFS is lost with it, so what lies in its place cannot be judged.
        if not os.path.lexists(folder / path):
            files[path] = RemoteFile(path, UNKNOWN, blob, blob)
    return Evidence("git", files, True, source, commit)


def _of_local(folder: Path) -> Evidence:
    """Return the records of ``hf download --local-dir``: for each file its commit, hash and time, one a line."""
    files: dict[str, RemoteFile] = {}
    commit: str | None = None
    for record in sorted((folder / _LOCAL).rglob("*.metadata")):
        try:
            lines = read_text(record, limit=1024, code="E_CACHE").split("\n")
        except TorsoError:
            continue
        path = record.relative_to(folder / _LOCAL).as_posix().removesuffix(".metadata")
        if len(lines) >= 2 and COMMIT.fullmatch(lines[0]) and ETAG.fullmatch(lines[1]):
            files[path] = RemoteFile(path, UNKNOWN, lines[1], lines[1][:40])
            commit = lines[0]
    return Evidence("the records of hf download", files, False, None, commit) if files else Evidence()
