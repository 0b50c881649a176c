"""Where tables are read and output files are committed: folders of this machine, and object stores."""

from __future__ import annotations

import glob
import hashlib
import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from torso.errors import InputError, NetworkError, NotFoundError, TorsoError
from torso.io.atomic_write import make_folder, write_atomically
from torso.io.files import open_regular
from torso.io.optional_packages import optional_module
from torso.io.paths import shown
from torso.scale import local_commit

CONDITIONAL = ("s3", "s3a", "memory")
"""Kinds of object stores with a write that fails where the name is taken; others can be read from."""
_BUFFER = 1 << 20  # bytes that a sequential reader fetches at once
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


class Storage(Protocol):
    """Files under full names: paths, or addresses as ``s3://bucket/key``."""

    def find(self, source: str) -> list[str]:
        """Return the files in a folder, of a pattern, or the one file that a source names; [] where it names none."""
        ...

    def parts(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, without it; [] where it is not there."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether a file is there."""
        ...

    def open(self, path: str) -> io.BufferedReader:
        """Open a file for reading at any place."""
        ...

    def size(self, path: str) -> int:
        """Return the bytes of a file."""
        ...

    def version(self, path: str) -> str:
        """Return what changes when a file is written anew, without reading it."""
        ...

    def create(self, path: str, data: bytes | memoryview) -> bool:
        """Write a file that appears whole or not at all; return False, and write nothing, where the name is taken.

        Raises:
            DiskError: E_DISK_FULL, E_WRITE. NetworkError: E_STORE.
        """
        ...

    def replace(self, path: str, data: bytes) -> None:
        """Write a file that appears whole or not at all, in place of what has its name."""
        ...

    def prepare(self, folder: str) -> None:
        """Make a folder to write into.

        Raises:
            AccessError: E_ACCESS. InputError: E_STORE, for an object store that cannot commit.
        """
        ...

    def sweep(self, folder: str) -> None:
        """Remove what processes that have ended left unfinished in a folder of output."""
        ...


def storage_of(name: str) -> Storage:
    """Return the storage that a path or an address is of.

    Raises:
        MissingPackageError: E_EXTRA, where the package that reaches it is not installed.
        InputError: E_STORE, for an address of no known kind.
    """
    kind, mark, _ = name.partition("://")
    return ObjectStore(kind) if mark else LocalFiles()


def joined(folder: str, name: str) -> str:
    """Return the full name of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}" if "://" in folder else os.path.join(folder, name)


def suffix(name: str) -> str:
    """Return the ending of a full name, in lower case."""
    return Path(name.rpartition("/")[2]).suffix.lower()


def file_hash(path: str) -> str:
    """Return the SHA-256 of a file's contents.

    Raises:
        NotFoundError, AccessError, NetworkError: the file cannot be read.
    """
    with storage_of(path).open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class LocalFiles:
    """Folders of this machine, or that it has mounted."""

    def find(self, source: str) -> list[str]:
        """See `Storage.find`."""
        path = Path(source).expanduser()
        if path.is_dir():
            return [str(each) for each in path.iterdir() if each.is_file()]
        if path.exists() or not glob.has_magic(source):
            return [str(path)] if path.is_file() else []
        return [each for each in glob.glob(str(path), recursive=True) if os.path.isfile(each)]

    def parts(self, folder: str) -> list[str]:
        """See `Storage.parts`."""
        try:
            with os.scandir(folder) as found:
                return [each.name for each in found]
        except FileNotFoundError:
            return []

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return os.path.isfile(path)

    def open(self, path: str) -> io.BufferedReader:
        """See `Storage.open`; a regular file, or a link to one."""
        with open_regular(Path(path)) as (descriptor, _):
            return os.fdopen(os.dup(descriptor), "rb")

    def size(self, path: str) -> int:
        """See `Storage.size`."""
        return os.stat(path).st_size

    def version(self, path: str) -> str:
        """See `Storage.version`: size and time of change."""
        status = os.stat(path)
        return f"{status.st_size}-{status.st_mtime_ns}"

    def create(self, path: str, data: bytes | memoryview) -> bool:
        """See `Storage.create`; see `torso.scale.local_commit`."""
        return local_commit.create(Path(path), data)

    def replace(self, path: str, data: bytes) -> None:
        """See `Storage.replace`."""
        make_folder(Path(path).parent)
        with write_atomically(Path(path)) as file:
            file.write(data)

    def prepare(self, folder: str) -> None:
        """See `Storage.prepare`."""
        make_folder(Path(folder))

    def sweep(self, folder: str) -> None:
        """See `Storage.sweep`."""
        local_commit.sweep(Path(folder))


class ObjectStore:
    """An object store, reached by fsspec with the keys and addresses of the environment.

    A file is one object, which every store writes whole or not at all; a commit is a write on condition that the name
    is free (``If-None-Match: *`` of S3), so nothing is ever renamed, and nothing unfinished is left behind.

    Args:
        kind: of its addresses, as ``s3``.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        fsspec = optional_module("fsspec", "scale")
        if kind in _PACKAGES:
            optional_module(_PACKAGES[kind], "scale", _PACKAGES[kind])
        try:
            self._files: Any = fsspec.filesystem(kind, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise InputError(
                "E_STORE",
                "Addresses of the kind {kind} are not known here: {reason}",
                cure="Name a path, or an address that fsspec reads, as s3://bucket/folder.",
                values=dict(kind=f"{shown(kind)}://", reason=error),
            ) from None

    def find(self, source: str) -> list[str]:
        """See `Storage.find`."""
        with self._reached(source):
            if glob.has_magic(source):
                found: list[str] = self._files.glob(source)
            elif self._files.isfile(source):
                found = [source]
            else:
                found = [each["name"] for each in self._listed(source)]
            return [self._full(each) for each in found]

    def parts(self, folder: str) -> list[str]:
        """See `Storage.parts`."""
        with self._reached(folder):
            return [each["name"].rstrip("/").rpartition("/")[2] for each in self._listed(folder)]

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        with self._reached(path):
            try:
                # `isfile` of fsspec takes whatever goes wrong for a file that is not there.
                return self._files.info(path)["type"] == "file"
            except FileNotFoundError:
                return False

    def open(self, path: str) -> io.BufferedReader:
        """See `Storage.open`."""
        with self._reached(path):
            raw = cast("io.RawIOBase", self._files.open(path, "rb"))
            return io.BufferedReader(raw, _BUFFER)

    def size(self, path: str) -> int:
        """See `Storage.size`."""
        with self._reached(path):
            return int(self._files.info(path)["size"])

    def version(self, path: str) -> str:
        """See `Storage.version`: size, and the store's own mark of contents or the time of change."""
        with self._reached(path):
            about = self._files.info(path)
            marks = (about.get(name) for name in ("ETag", "etag", "md5Hash", "LastModified", "mtime", "created"))
            return f"{about['size']}-{next((mark for mark in marks if mark), '')}"

    def create(self, path: str, data: bytes | memoryview) -> bool:
        """See `Storage.create`."""
        with self._reached(path):
            try:
                self._files.pipe_file(path, bytes(data), mode="create")
            except Exception:
                # Stores differ in what they raise for a name that is taken; and of two writers at once both may fail.
                if self._files.exists(path):
                    return False
                self._files.pipe_file(path, bytes(data), mode="create")
            return True

    def replace(self, path: str, data: bytes) -> None:
        """See `Storage.replace`."""
        with self._reached(path):
            self._files.pipe_file(path, data)

    def prepare(self, folder: str) -> None:
        """See `Storage.prepare`: an object store has no folders."""
        if self._kind not in CONDITIONAL:
            raise InputError(
                "E_STORE",
                "{folder}: it is not known how {kind} refuses a second file of one name, so nothing is written there.",
                cure="Write into a folder or into one of: {known}.",
                values=dict(
                    folder=shown(folder), kind=f"{self._kind}://", known=", ".join(f"{each}://" for each in CONDITIONAL)
                ),
            )

    def sweep(self, folder: str) -> None:
        """See `Storage.sweep`: nothing is ever left."""

    def _listed(self, folder: str) -> list[dict[str, Any]]:
        try:
            return [each for each in self._files.ls(folder, detail=True) if each["type"] == "file"]
        except FileNotFoundError:
            return []

    def _full(self, name: str) -> str:
        return f"{self._kind}://{self._files._strip_protocol(name).lstrip('/')}"

    @contextmanager
    def _reached(self, path: str) -> Generator[None]:
        """Raise what a store's package raises, each another kind of exception, as an error of torso's."""
        try:
            yield
        except TorsoError:
            raise
        except FileNotFoundError:
            raise NotFoundError(
                "E_MISSING_FILE", "{path} is not there.", cure="Check the address.", values=dict(path=shown(path))
            ) from None
        except Exception as error:
            raise NetworkError(
                "E_STORE",
                "{path} cannot be reached: {reason}.",
                cure="Check its address and keys (as AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID), and run the command again.",
                values=dict(path=shown(path), reason=str(error) or type(error).__name__),
            ) from error
