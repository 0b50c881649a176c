"""Where the files of a model are put: the Hub's cache, or a plain folder with a lock."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torso.errors import InputError
from torso.hub.local.arriving import ARRIVING, arriving_in, tidied
from torso.hub.local.hub_cache import Repository
from torso.hub.local.leftovers import SILENCE, discard_stale
from torso.hub.local.lockfile import Lock, Locked, read_lock, write_lock
from torso.hub.local.verified_blobs import Verified
from torso.hub.remote.listing import Listing
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.digest import digest_of
from torso.hub.transfer.download import Job, has_size, is_right, part_path
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.locking import locked
from torso.io.files import inside, shown, sniff
from torso.io.rooted import Root

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Destination(Protocol):
    """Where files go. All methods but `put` are called by one thread."""

    @property
    def folder(self) -> Path:
        """The folder that will hold the model."""
        ...

    def locked(self, cancelled: threading.Event, on_wait: Callable[[], None]) -> AbstractContextManager[object]:
        """Lock out other processes while files are fetched and put in place, unless files are locked one by one."""
        ...

    def start(self, listing: Listing) -> None:
        """Prepare the folder, before the first byte is fetched."""
        ...

    def needs(self, file: RemoteFile) -> bool:
        """Return whether a file is to be fetched; not if `reuse` will use a copy elsewhere on this machine."""
        ...

    def reuse(self, file: RemoteFile) -> None:
        """Put a file that needs no download in its place, where its content is elsewhere on this machine."""
        ...

    def job(self, file: RemoteFile, places: tuple[FileUrl, ...]) -> Job:
        """Return how to fetch a file's content."""
        ...

    def put(self, files: Sequence[RemoteFile]) -> None:
        """Put content that has arrived under its names; the ``files`` all have the same content."""
        ...

    def finish(self, listing: Listing, files: Sequence[RemoteFile]) -> None:
        """Record what is here now, and remove what is of no more use."""
        ...


@dataclass(slots=True)
class InCache:
    """A snapshot in the Hub's cache."""

    repository: Repository
    commit: str
    force: bool = False
    revision: str = ""
    _verified: Verified = field(init=False)

    def __post_init__(self) -> None:
        self._verified = Verified(self.repository)

    @property
    def folder(self) -> Path:
        """See `Destination`."""
        return self.repository.snapshot(self.commit)

    def locked(self, cancelled: threading.Event, on_wait: Callable[[], None]) -> AbstractContextManager[object]:
        """See `Destination`. Here each file has a lock of its own, which other tools know too."""
        return nullcontext()

    def start(self, listing: Listing) -> None:
        """See `Destination`. The listing is kept, so that everyone who finds the folder can tell what it lacks yet."""
        self.repository.mark_cache()
        self.repository.root.make_folder(self.repository.lock("x").parent)  # first: it may be refused
        self.repository.refuse_links()
        if listing.files and listing.origin != "hub cache":
            self.repository.write_tree(self.commit, listing.files)

    def needs(self, file: RemoteFile) -> bool:
        """See `Destination`. What is here counts once it has the right hash, whoever brought it."""
        if self.force:
            return True
        here = (inside(self.folder, file.path), self.repository.blob(file.etag))
        return not any(has_size(path, file.size) and self._verified.holds(path, file) for path in here)

    def reuse(self, file: RemoteFile) -> None:
        """See `Destination`."""
        if not has_size(inside(self.folder, file.path), file.size):
            self.repository.link(self.commit, file.path, file.etag)

    def job(self, file: RemoteFile, places: tuple[FileUrl, ...]) -> Job:
        """See `Destination`."""
        blob = self.repository.blob(file.etag)
        lock, root = self.repository.lock(file.etag), self.repository.root
        return Job(file, places, blob, part_path(blob), lock, root, self.force, self.revision)

    def put(self, files: Sequence[RemoteFile]) -> None:
        """See `Destination`."""
        for file in files:
            self.repository.link(self.commit, file.path, file.etag)

    def finish(self, listing: Listing, files: Sequence[RemoteFile]) -> None:
        """See `Destination`."""
        self._verified.write()
        self.repository.write_ref(listing.revision, self.commit)
        if listing.files and listing.origin != "hub cache":
            self.repository.finalise_tree(self.commit, listing.files)
        contents = {file.etag for file in listing.files.values()}
        # A branch has moved on: parts of what it was are of no use. Those of other revisions wait for their turn.
        discard_stale(self.repository, lambda etag, revision: revision != listing.revision or etag in contents)


@dataclass(slots=True)
class InFolder:
    """A plain folder: real files under their own names, and ``torso.lock.json``."""

    home: Path
    source: str = ""
    cached: Repository | None = None
    force: bool = False
    _lock: Lock | None = None
    _is_alone: bool = False
    _found: dict[str, Path] = field(default_factory=dict[str, Path])

    def __post_init__(self) -> None:
        self._lock = read_lock(self.home)

    @property
    def folder(self) -> Path:
        """See `Destination`."""
        return self.home

    @contextmanager
    def locked(self, cancelled: threading.Event, on_wait: Callable[[], None]) -> Generator[None]:
        """See `Destination`. The lock goes with its last owner: the folder is a person's, to copy and to look at."""
        path = self._arriving.with_suffix(".lock")
        with tidied(self.home), locked(path, cancelled, on_wait, self._root) as self._is_alone:
            self._lock = read_lock(self.home)
            try:
                yield
            finally:
                self._is_alone = False
                with suppress(OSError):  # Windows keeps what someone has open
                    status = self._root.status(path)
                    if status is not None and status.st_size == 0:
                        self._root.remove(path)

    def start(self, listing: Listing) -> None:
        """See `Destination`."""
        self.home.mkdir(parents=True, exist_ok=True)

    def needs(self, file: RemoteFile) -> bool:
        """See `Destination`. A file that is there and right stays; one that a person may have changed is not replaced.

        Raises:
            InputError: E_EXISTS.
        """
        path = inside(self.home, file.path)
        if path.exists():
            if is_right(path, file):
                return False
            if not (self.force or self._is_ours(path, file.path) or _is_placeholder(path)):
                raise InputError(
                    "E_EXISTS",
                    "{path} is there and is another file than {name} of the model.",
                    cure="Choose another folder, or replace it: --force",
                    values=dict(path=shown(path), name=file.path),
                )
        blob = self.cached.blob(file.etag) if self.cached else None
        if blob and is_right(blob, file):
            self._found[file.path] = blob
            return False
        return True

    def reuse(self, file: RemoteFile) -> None:
        """See `Destination`."""
        if file.path in self._found:
            self.copy(self._found[file.path], file)

    def job(self, file: RemoteFile, places: tuple[FileUrl, ...]) -> Job:
        """See `Destination`."""
        arriving = self._arriving / file.etag
        lock = self._arriving / f"{file.etag}.lock"
        return Job(file, places, arriving, part_path(arriving), lock, self._root)

    def put(self, files: Sequence[RemoteFile]) -> None:
        """See `Destination`."""
        arrived, target = self._arriving / files[0].etag, inside(self.home, files[0].path)
        try:
            self._root.replace(arrived, target)
        except FileNotFoundError:
            if not is_right(target, files[0]):  # else put there by another process, on a disk without locks
                raise
        for file in files[1:]:
            self.copy(target, file)

    def finish(self, listing: Listing, files: Sequence[RemoteFile]) -> None:
        """See `Destination`."""
        before: Mapping[str, Locked] = {}
        if self._lock and self._lock.commit == listing.commit:
            before = self._lock.files
        entries = {file.path: Locked(file.size, _sha256(self.home / file.path, file), file.etag) for file in files}
        write_lock(
            self.home,
            Lock(self.source, listing.origin, listing.revision, listing.commit, {**before, **entries}),
        )
        self.clear()

    def clear(self) -> None:
        """Remove what arrived and was not used, and its folder; files of others stay."""
        with suppress(OSError):
            for name in self._root.names(self._arriving):
                if ARRIVING.fullmatch(name) and self._is_unused(self._arriving / name):
                    self._root.remove(self._arriving / name)

    def copy(self, source: Path, file: RemoteFile) -> None:
        """Put a copy of a file of this machine in its place, whole or not at all."""
        temporary = self._arriving / f"{file.etag}.{secrets.token_hex(8)}.copy"
        try:
            with source.open("rb") as old, os.fdopen(self._root.open(temporary, _NEW), "wb") as new:
                shutil.copyfileobj(old, new, 1 << 20)
            self._root.replace(temporary, inside(self.home, file.path))
        finally:
            self._root.remove(temporary)

    def _is_unused(self, path: Path) -> bool:
        """Return whether no other process is at a file; without a lock to tell, its age does."""
        status = self._root.status(path)
        return (
            self._is_alone or path.suffix == ".lock" or (status is not None and time.time() - status.st_mtime > SILENCE)
        )

    @property
    def _root(self) -> Root:
        return Root(self.home)

    @property
    def _arriving(self) -> Path:
        return arriving_in(self.home)

    def _is_ours(self, path: Path, name: str) -> bool:
        """Return whether a file is as an earlier get left it, so that replacing it loses no one's changes."""
        entry = self._lock.files.get(name) if self._lock else None
        return entry is not None and has_size(path, entry.size) and _sha256_of(path) == entry.sha256


def _is_placeholder(path: Path) -> bool:
    """Return whether a file holds nothing of worth: empty, a pointer of Git LFS, or a web page."""
    with path.open("rb") as file:
        return sniff(file.read(1024)) in ("empty", "lfs-pointer", "html")


def _sha256(path: Path, file: RemoteFile) -> str:
    return file.etag if file.is_large else _sha256_of(path)


def _sha256_of(path: Path) -> str:
    return digest_of(path, RemoteFile(path.name, 0, "0" * 64, "0" * 40))
