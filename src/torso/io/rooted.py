"""File operations below a root folder that never follow a link out of it.

Checking a path and then using it is a race: another process can put a link there in between. Here each
folder on the way is opened as a folder, without following links, and the work is done relative to the one that is held
open, so that what was checked is what is used. Where the system has no such calls, each step is checked before.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from torso.errors import TorsoError, UnsafeFileError
from torso.io.paths import shown

RELATIVE = {os.open, os.mkdir, os.rename, os.unlink, os.rmdir, os.stat, os.symlink} <= os.supports_dir_fd and hasattr(
    os, "O_NOFOLLOW"
)
"""Whether the system works relative to open folders."""
_CLOSED = getattr(os, "O_CLOEXEC", 0)
_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _CLOSED
_FILE = _CLOSED | _NOT_FOLLOWED | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_REPARSE_POINT = 0x400  # Windows: a link or a junction


@dataclass(frozen=True, slots=True)
class Root:
    """Root folder given by the caller, and file operations below it.

    The folder itself may be named through links, since the caller chose it; no name below it may. Every method
    takes the whole path of a file or folder below ``path``.

    Raises:
        UnsafeFileError: E_UNSAFE_PATH, from every method: a link on the way, or a path that is not below the folder.
        OSError: from every method, with the whole path as its ``filename``.
    """

    path: Path

    def open(self, path: Path, flags: int, *, writes: bool = True) -> int:
        """Open a regular file; one to be written must have no other hard link.

        Args:
            path: the file.
            flags: as `os.open` takes them; with ``O_CREAT``, the folders on the way are made too.
            writes: whether its content will be changed, which a hard link to another file would share.

        Raises:
            UnsafeFileError: E_UNSAFE_PATH; also for a link, a hard link to another file, a FIFO or a device.
        """
        with self.parent(path, make=bool(flags & os.O_CREAT)) as (folder, name), _whole_path(path):
            self._refuse_link(folder, name, path)
            try:
                descriptor = os.open(name, flags | _FILE, 0o666, dir_fd=folder)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.EMLINK):
                    raise self._is_link(path) from None
                raise
        try:
            self._require_own(descriptor, path, writes=writes)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def status(self, path: Path) -> os.stat_result | None:
        """Return the stat of a path without following links; None if it does not exist."""
        try:
            with self.parent(path) as (folder, name), _whole_path(path):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError) as error:
            if isinstance(error, TorsoError):
                raise
            return None

    def names(self, path: Path) -> list[str]:
        """Return the sorted names in a folder, which may be ``self.path``; empty if there is no such folder."""
        try:
            with self.parent(path / "x") as (folder, name), _whole_path(path):
                if folder is None:
                    return sorted(os.listdir(os.path.dirname(name)))
                descriptor = os.open(".", os.O_RDONLY | _CLOSED, dir_fd=folder)
                try:
                    return sorted(os.listdir(descriptor))
                finally:
                    os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError) as error:
            if isinstance(error, TorsoError):
                raise
            return []

    def make_folder(self, path: Path) -> None:
        """Make a folder and its missing parents."""
        with self.parent(path / "x", make=True):
            pass

    def replace(self, source: Path, target: Path) -> None:
        """Rename a file over another, making the missing parents of ``target``."""
        with (
            self.parent(source) as (folder, name),
            self.parent(target, make=True) as (to_folder, to_name),
            _whole_path(target),
        ):
            if folder is None:
                os.replace(name, to_name)
            else:
                os.rename(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder)

    def link(self, path: Path, content: str) -> None:
        """Make a symbolic link that holds ``content``, and its missing parents."""
        with self.parent(path, make=True) as (folder, name), _whole_path(path):
            os.symlink(content, name, dir_fd=folder)

    def remove(self, path: Path) -> None:
        """Remove a file, or a link itself, if it exists."""
        with suppress(FileNotFoundError), self.parent(path) as (folder, name), _whole_path(path):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, path: Path) -> bool:
        """Remove a folder if it is empty; return whether it no longer exists."""
        try:
            with self.parent(path) as (folder, name), _whole_path(path):
                os.rmdir(name, dir_fd=folder)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY):
                raise
            return False
        return True

    def remove_tree(self, path: Path) -> None:
        """Remove a folder and everything in it, if it exists; links are removed, not followed."""
        with suppress(FileNotFoundError), self.parent(path) as (folder, name), _whole_path(path):
            self._refuse_link(folder, name, path)
            shutil.rmtree(name, dir_fd=folder)

    @contextmanager
    def parent(self, path: Path, *, make: bool = False) -> Generator[tuple[int | None, str]]:
        """Yield the open parent folder of ``path`` and its last name; None and the whole path without ``dir_fd`` calls.

        Args:
            path: a file or folder below the root.
            make: make the root and the folders on the way, where they are not there.
        """
        parts = self._parts(path)
        if make:
            self.path.mkdir(parents=True, exist_ok=True)
        if not RELATIVE:
            self._look(parts[:-1], make)
            yield None, str(path)
            return
        folder, way = os.open(self.path, _FOLDER), self.path
        try:
            for part in parts[:-1]:
                way = way / part
                following = self._enter(folder, part, way, make)
                os.close(folder)
                folder = following
            yield folder, parts[-1]
        finally:
            os.close(folder)

    def _parts(self, path: Path) -> tuple[str, ...]:
        try:
            parts = path.relative_to(self.path).parts
        except ValueError:
            parts = ()
        if not parts or ".." in parts:
            raise UnsafeFileError(
                "E_UNSAFE_PATH",
                "{path} is not below {folder}.",
                cure="Choose another folder.",
                values=dict(path=shown(path), folder=shown(self.path)),
            )
        return parts

    def _enter(self, folder: int, name: str, path: Path, make: bool) -> int:
        """Open a folder inside an open folder."""
        with _whole_path(path):
            try:
                return os.open(name, _FOLDER | _NOT_FOLLOWED, dir_fd=folder)
            except FileNotFoundError:
                if not make:
                    raise
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=folder)
            except OSError:
                self._refuse_link(folder, name, path)
                raise
            try:
                return os.open(name, _FOLDER | _NOT_FOLLOWED, dir_fd=folder)
            except OSError:
                self._refuse_link(folder, name, path)
                raise

    def _look(self, parts: tuple[str, ...], make: bool) -> None:
        """Check each folder on the way, on systems that cannot open folders."""
        way = self.path
        for part in parts:
            way = way / part
            self._refuse_link(None, str(way), way)
            if make:
                way.mkdir(exist_ok=True)

    def _refuse_link(self, folder: int | None, name: str, path: Path) -> None:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return
        if stat.S_ISLNK(status.st_mode) or getattr(status, "st_file_attributes", 0) & _REPARSE_POINT:
            raise self._is_link(path)

    def _require_own(self, descriptor: int, path: Path, *, writes: bool) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeFileError(
                "E_UNSAFE_PATH",
                "{path} is a pipe, socket or device; it was not opened.",
                cure="Put a regular file in its place.",
                values=dict(path=shown(path)),
            )
        if writes and status.st_nlink > 1:
            raise UnsafeFileError(
                "E_UNSAFE_PATH",
                "{path} is a hard link: what is written there would change another file too. Nothing was written.",
                cure="Delete the link: {path}",
                values=dict(path=shown(path)),
            )

    def _is_link(self, path: Path) -> UnsafeFileError:
        return UnsafeFileError(
            "E_UNSAFE_PATH",
            "{path} is a link, which could lead out of {folder}. Nothing was written or removed through it.",
            cure="Delete the link, and run the same command again: {path}",
            values=dict(path=shown(path), folder=shown(self.path)),
        )


@contextmanager
def _whole_path(path: Path) -> Generator[None]:
    """Put the whole path into errors of calls that know the last name only."""
    try:
        yield
    except OSError as error:
        if isinstance(error, TorsoError):
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
