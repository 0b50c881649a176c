"""The Hub's cache on this machine, in the layout of huggingface_hub 2.4: what one fetches, the other finds.

::

    models--org--name/
        refs/<branch or tag>              the commit, 40 hexadecimal digits
        blobs/<etag>                      content, named by SHA-256 (large files) or git's SHA-1
        snapshots/<commit>/<path>         relative link to ../../blobs/<etag>
        trees/<commit>.json               every file of that commit with size and hashes
        listings/<commit>.json            the same, where the snapshot lacks some of them on purpose: ours alone
    .locks/models--org--name/<etag>.lock
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.config.sentence_modules import begins_with_table
from torso.errors import TorsoError
from torso.hub.file_selection import absent, has_weights, required
from torso.hub.remote_file import COMMIT, ETAG, RemoteFile
from torso.io.files import read_text, write_atomically
from torso.io.rooted import Root

FILES = 200_000
"""Files of a repository at most; no model has nearly as many."""
_LISTINGS = "listings"
FOLDERS = ("snapshots", "refs", "blobs", "trees", _LISTINGS, ".no_exist")
"""The folders of a repository's folder, what makes the model first."""
_ADDRESS = "git-address"
VERIFIED = "torso-verified.json"
"""Which contents of a repository have been found right; see `torso.hub.local.verified_blobs`."""
_TRIES = 3  # to put a link in place
_TREE_LIMIT = 256 << 20
_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This file is a cache directory tag created by huggingface_hub.\n"
    b"# For information about cache directory tags, see:\n"
    b"#\thttps://bford.info/cachedir/\n"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """One model's folder in the Hub's cache, which need not exist."""

    cache: Path
    folder_name: str

    @property
    def folder(self) -> Path:
        """The repository's folder."""
        return self.cache / self.folder_name

    @property
    def records(self) -> tuple[str, ...]:
        """The names of torso's own files in the repository's folder, which huggingface_hub does not read."""
        return (_ADDRESS, VERIFIED)

    @property
    def root(self) -> Root:
        """The cache as the folder below which no link is followed where something is written or removed."""
        return Root(self.cache)

    def refuse_links(self) -> None:
        """Refuse a repository of which a folder is a link.

        Raises:
            UnsafeFileError: E_UNSAFE_PATH.
        """
        for name in FOLDERS:
            self.root.names(self.folder / name)

    def lock(self, etag: str) -> Path:
        """Return the lock file of a blob; huggingface_hub locks the same."""
        return self.cache / ".locks" / self.folder_name / f"{etag}.lock"

    def blob(self, etag: str) -> Path:
        """Return where content with this hash is kept."""
        return self.folder / "blobs" / etag

    def snapshot(self, commit: str) -> Path:
        """Return the folder with the files of a commit under their own names."""
        return self.folder / "snapshots" / commit

    def commit(self, revision: str) -> str | None:
        """Return the commit that a revision was when it was last looked up; None where it never was."""
        if COMMIT.fullmatch(revision):
            return revision if self.snapshot(revision).is_dir() else None
        try:
            text = read_text(self.folder / "refs" / revision, limit=1024, code="E_CACHE").strip()
        except TorsoError:
            return None
        return text if COMMIT.fullmatch(text) else None

    def tree(self, commit: str) -> dict[str, RemoteFile] | None:
        """Return the kept listing of a commit; None where none was kept or it is not to be trusted."""
        kept = map(_read_tree, self.listings(commit))
        return next((files for files in kept if files is not None), None)

    def write_tree(self, commit: str, files: Mapping[str, RemoteFile]) -> None:
        """Keep the listing of a commit, in the form huggingface_hub reads; one that is there already stays.

        Until `finalise_tree`, every tool can tell by it what the snapshot lacks yet.
        """
        path, _ = self.listings(commit)
        if _read_tree(path) is None:
            self._write(path, _tree_bytes(files))

    def finalise_tree(self, commit: str, files: Mapping[str, RemoteFile]) -> None:
        """Move the listing out of huggingface_hub's sight where the snapshot lacks files that were left on purpose.

        huggingface_hub takes a snapshot for incomplete that lacks anything of ``trees``. A listing that another tool
        wrote there stays.
        """
        (path, aside), ours = self.listings(commit), _tree_bytes(files)
        folder = self.snapshot(commit)
        if all((folder / name).is_file() for name in files):
            return
        self._write(aside, ours)
        with suppress(OSError):
            if path.read_bytes() == ours:
                self.root.remove(path)
                self.root.remove_folder(path.parent)

    def listings(self, commit: str) -> tuple[Path, Path]:
        """Return where the listing of a commit is kept: as huggingface_hub reads it, and as torso alone does."""
        return self.folder / "trees" / f"{commit}.json", self.folder / _LISTINGS / f"{commit}.json"

    def _write(self, path: Path, data: bytes) -> None:
        with write_atomically(path, self.root) as file:
            file.write(data)

    def mark_cache(self) -> None:
        """Mark the cache as one, so that backups leave it out; in the words of huggingface_hub, byte for byte."""
        self.cache.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(self.cache / "CACHEDIR.TAG"):
            with suppress(OSError), write_atomically(self.cache / "CACHEDIR.TAG", self.root) as file:
                file.write(_TAG)

    def write_ref(self, revision: str, commit: str) -> None:
        """Keep which commit a branch or tag is."""
        if revision == commit or self.commit(revision) == commit:
            return
        with write_atomically(self.folder / "refs" / revision, self.root) as file:
            file.write(commit.encode())

    def address(self) -> str | None:
        """Return the address of this folder's git repository, which its name cannot hold; None for a hub's."""
        try:
            return read_text(self.folder / _ADDRESS, limit=4096, code="E_CACHE").strip() or None
        except TorsoError:
            return None

    def write_address(self, address: str) -> None:
        """Keep the address of the git repository that this folder is of."""
        with write_atomically(self.folder / _ADDRESS, self.root) as file:
            file.write(address.encode())

    def missing(self, commit: str, *, config_only: bool = False) -> tuple[str, ...]:
        """Return the files that a snapshot lacks to be a whole model; empty where it lacks none.

        With a kept listing this is exact. Without one it is judged by what a model always has.
        """
        folder = self.snapshot(commit)
        tree = self.tree(commit)
        if tree is None:
            return absent_in(folder, config_only=config_only)
        wanted = required(tree, config_only=config_only)
        lacking = tuple(path for path in wanted if not _has_size(folder / path, tree[path].size))
        return lacking if config_only or has_weights(tree) else (*lacking, "model.safetensors")

    def link(self, commit: str, path: str, etag: str) -> Path:
        """Put a blob into a snapshot under its name and return that path: a relative link, or the blob moved there.

        Where the system allows no link the blob itself is moved there, so that nothing is kept twice.
        """
        target = self.snapshot(commit) / path
        blob, content = self.blob(etag), os.path.relpath(self.blob(etag), target.parent)
        if target.is_file() and (not target.is_symlink() or target.resolve() == blob.resolve()) and not blob.exists():
            return target
        self.root.make_folder(target.parent)
        try:
            with suppress(FileExistsError):
                self.root.link(target, content)
                return target
            if _is_link(target, content):
                return target
            temporary = self._link_beside(blob, content)
        except (OSError, NotImplementedError):
            self.root.replace(blob, target)
            return target
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):  # another process may take it for one that was left, and remove it
                self.root.replace(temporary, target)
                return target
            temporary = self._link_beside(blob, content)
        self.root.replace(temporary, target)
        return target

    def _link_beside(self, blob: Path, content: str) -> Path:
        temporary = blob.with_name(f"{blob.name}.{secrets.token_hex(8)}.link")
        self.root.link(temporary, content)
        return temporary


def repository(cache: Path, name: str, *, hub: str = "") -> Repository:
    """Return the folder of ``org/name`` in a cache; ``hub="ms"`` for one that came from ModelScope."""
    return Repository(cache, "--".join(["models", *([hub] if hub else []), *name.split("/")]))


def absent_in(folder: Path, *, config_only: bool = False, more: Collection[str] = ()) -> tuple[str, ...]:
    """Return what a folder lacks to be a model, where no listing says what there should be.

    Args:
        folder: of the files.
        config_only: whether its weights are left out.
        more: names that are taken to be there.
    """
    names = {*files_in(folder), *more}
    return absent(names, config_only=config_only, has_config=not begins_with_table(folder))


def files_in(folder: Path) -> set[str]:
    """Return the regular files below a folder, with "/", without dangling links and hidden folders."""
    found: set[str] = set()
    for home, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found |= {os.path.relpath(os.path.join(home, name), folder).replace(os.sep, "/") for name in names}
    return {name for name in found if (folder / name).is_file()}


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size and path.is_file()
    except OSError:
        return False


def _is_link(path: Path, content: str) -> bool:
    try:
        return os.readlink(path) == content
    except OSError:
        return False


def _read_tree(path: Path) -> dict[str, RemoteFile] | None:
    try:
        text = read_text(path, limit=_TREE_LIMIT, code="E_CACHE")
        table = cast("dict[str, object]", json.loads(text))
        files = cast("dict[str, dict[str, object]]", table["files"]) if table["format_version"] == 1 else None
        return None if files is None else {name: _from_tree(name, entry) for name, entry in files.items()}
    except (TorsoError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _tree_bytes(files: Mapping[str, RemoteFile]) -> bytes:
    table = {"format_version": 1, "files": {path: _to_tree(files[path]) for path in sorted(files)}}
    return json.dumps(table, indent=1).encode()


def _from_tree(path: str, entry: Mapping[str, object]) -> RemoteFile:
    sha256, blob = entry.get("lfs_sha256"), str(entry["blob_id"])
    etag = blob if sha256 is None else str(sha256)
    size = int(str(entry["size"] if sha256 is None else entry["lfs_size"]))
    if not ETAG.fullmatch(etag) or size < 0:
        raise ValueError(path)
    return RemoteFile(path, size, etag, blob)


def _to_tree(file: RemoteFile) -> dict[str, object]:
    entry: dict[str, object] = {"size": file.size, "blob_id": file.blob}
    return entry | ({"lfs_sha256": file.etag, "lfs_size": file.size} if file.is_large else {})
