"""What a git repository on the disk holds, asked of the git binary; see `torso.hub.local.git_process`.

Files are read as git's objects, never checked out: no filter, link or line ending of a repository can change them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torso.errors import IntegrityError, LimitError, TorsoError
from torso.hub.local.git_process import GitLimits, git_output
from torso.hub.local.hub_cache import FILES
from torso.hub.remote_file import RemoteFile
from torso.io.files import lfs_pointer, shown
from torso.io.rooted import Root

_POINTER = 1024  # bytes: no pointer of Git LFS is larger
_HEAD = 100  # bytes before a name in a listing, and before the content of an object
_NAME = 64 << 10  # bytes of a path


@dataclass(frozen=True, slots=True)
class GitTree:
    """What a commit holds.

    Attributes:
        files: an object of Git LFS by what its pointer says.
        left: what is no file, by path, and what it is instead: a key of `torso.hub.unread_weights.LEFT_OUT`.
        lost: files whose content this repository lacks, as a partial clone does; their hash is known, not their size.
    """

    files: Sequence[RemoteFile]
    left: Mapping[str, str] = field(default_factory=dict[str, str])
    lost: Mapping[str, str] = field(default_factory=dict[str, str])


def files_of(folder: Path, commit: str, name: str = "") -> GitTree:
    """Return what a commit of a repository holds.

    Args:
        folder: the repository.
        commit: 40 hexadecimal digits, or a ref.
        name: how messages call the repository.

    Raises:
        LimitError: E_LIMIT, more entries than any model has.
        IntegrityError: E_GIT, an entry in another form than git's.
        NetworkError, UnsupportedError: as `torso.hub.local.git_process.git_output`.
    """
    files: list[RemoteFile] = []
    left: dict[str, str] = {}
    lost: dict[str, str] = {}
    # With -t: folders count as entries too, or a tree of nothing but folders is walked without a word.
    with git_output(folder, "ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit) as blocks:
        for number, (mode, kind, blob, size, path) in enumerate(map(_entry, _records(blocks))):
            if number >= FILES:
                raise _too_many(name or shown(folder))
            if mode == "120000" or kind == "commit":
                left[path] = "link" if kind == "blob" else "submodule"
            elif kind == "blob" and size.isdecimal():
                files.append(RemoteFile(path, int(size), blob, blob))
            elif kind == "blob":
                lost[path] = blob
    small = [file for file in files if file.size <= _POINTER]
    pointers = dict(zip((file.path for file in small), map(lfs_pointer, read_blobs(folder, small)), strict=True))
    found: list[RemoteFile] = []
    for file in files:
        pointer = pointers.get(file.path)
        found.append(RemoteFile(file.path, pointer.size, pointer.oid, file.blob) if pointer else file)
    return GitTree(found, left, lost)


def read_blobs(folder: Path, files: Sequence[RemoteFile]) -> Iterator[bytes]:
    """Yield the content of each file as git keeps it, in their order; only small files are read so.

    Raises:
        IntegrityError: E_GIT, an object is not there or has another size than the listing says.
        NetworkError, UnsupportedError: as `torso.hub.local.git_process.git_output`.
    """
    if not files:
        return
    asked = "".join(f"{file.blob}\n" for file in files).encode()
    limits = GitLimits(output=sum(file.size for file in files) + _HEAD * len(files))
    with git_output(folder, "cat-file", "--batch", stdin=asked, limits=limits) as blocks:
        data = bytearray()
        wanted = iter(files)
        file = next(wanted)
        for block in blocks:
            data += block
            while (end := data.find(b"\n")) >= 0:
                head = data[:end].split()
                if len(head) != 3 or bytes(head[2]) != str(file.size).encode():
                    raise _damaged(folder, file.path)
                if len(data) < end + file.size + 2:
                    break
                yield bytes(data[end + 1 : end + 1 + file.size])
                del data[: end + file.size + 2]
                following = next(wanted, None)
                if following is None:
                    return
                file = following
    raise _damaged(folder, file.path)


def write_blob(folder: Path, file: RemoteFile, target: Path, root: Root) -> None:
    """Write one file's content as git keeps it, whole or not at all, below ``root``; git verifies its hash.

    Raises:
        IntegrityError: E_GIT, the object has another size than the listing says.
        UnsafeFileError: E_UNSAFE_PATH, a link on the way. OSError: it cannot be written.
        NetworkError, LimitError, UnsupportedError: as `torso.hub.local.git_process.git_output`.
    """
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(8)}.git")
    size = max(file.size, 0)
    try:
        limits = GitLimits(output=size, seconds=float("inf"))
        with (
            os.fdopen(root.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as stream,
            git_output(folder, "cat-file", "blob", file.blob, limits=limits) as blocks,
        ):
            written = sum(map(stream.write, blocks))
        if written != size:
            raise _damaged(folder, file.path)
        root.replace(temporary, target)
    finally:
        root.remove(temporary)


def _records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a stream that NUL ends."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
        if len(rest) > _NAME:
            raise LimitError(
                "E_LIMIT",
                "A path in this repository has more than {limit} bytes.",
                cure="Choose another source, or check the name.",
                values=dict(limit=_NAME),
            )


def _entry(record: bytes) -> tuple[str, str, str, str, str]:
    """Mode, kind, hash, size and path of an entry."""
    head, _, name = record.partition(b"\t")
    words = head.decode(errors="replace").split()
    if len(words) != 4:
        raise _damaged(Path(), name.decode(errors="replace"))
    return words[0], words[1], words[2], words[3], name.decode(errors="surrogateescape")


def _too_many(name: str) -> TorsoError:
    return LimitError(
        "E_LIMIT",
        "{host} lists more than a model can be: {found}.",
        cure="Choose another source, or check the name.",
        values=dict(host=name, found=f"over {FILES} files"),
    )


def _damaged(folder: Path, path: str) -> TorsoError:
    return IntegrityError(
        "E_GIT",
        "The git repository {folder} is damaged: it does not hold {path} as it says.",
        cure="Get the model again: torso get --git https://host/org/name",
        values=dict(folder=shown(folder), path=shown(path[:200])),
    )
