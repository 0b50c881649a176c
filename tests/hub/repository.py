"""Real bare git repositories with real LFS objects: what every server of the rig serves.

Commits, blob ids and LFS ids are computed by git and sha256, never invented, so a client may verify all of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n")
_LFS_SUFFIXES = (".bin", ".safetensors", ".h5", ".msgpack", ".onnx", ".pt")


@dataclass(frozen=True)
class Entry:
    """One file of a commit. ``size`` is of the content; ``oid`` is git's id of the blob (of the pointer, for LFS)."""

    path: str
    oid: str
    size: int
    blob_size: int
    sha256: str | None = None

    @property
    def etag(self) -> str:
        """What the Hub calls the file's etag: sha256 of an LFS object, git's sha1 of anything else."""
        return self.sha256 or self.oid


def pointer(data: bytes) -> bytes:
    """The LFS pointer of some content."""
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n".encode()


def git_environment() -> dict[str, str]:
    """An environment in which git reads no setting of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}


class Repository:
    """One bare repository ``NAME.git`` whose large files are LFS objects in ``NAME.git/lfs/objects``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = lru_cache(maxsize=64)(self._list)
        self._blobs = lru_cache(maxsize=4096)(self._blob)

    @classmethod
    def create(cls, path: Path, files: Mapping[str, bytes], *, branch: str = "main") -> Repository:
        """A new repository with one commit on ``branch``."""
        path.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", branch, str(path)], check=True, env=git_environment())
        repository = cls(path)
        repository.commit(files, branch=branch)
        return repository

    def commit(
        self,
        files: Mapping[str, bytes | None],
        *,
        links: Mapping[str, str] = MappingProxyType({}),
        branch: str = "main",
        message: str = "commit",
    ) -> str:
        """Adds a commit that writes ``files`` (None deletes) and symbolic ``links``, and gives its id."""
        commands = [b"commit refs/heads/%s\n" % branch.encode()]
        commands.append(b"committer Rig <rig@localhost> 1700000000 +0000\ndata %d\n" % len(message.encode()))
        commands.append(message.encode() + b"\n")
        if self.resolve(branch):
            commands.append(b"from refs/heads/%s^0\n" % branch.encode())
        for name, data in files.items():
            quoted = b'"' + name.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            if data is None:
                commands.append(b"D %s\n" % quoted)
                continue
            stored = self._store(data) if name.endswith(_LFS_SUFFIXES) else data
            commands.append(b"M 100644 inline %s\ndata %d\n%s\n" % (quoted, len(stored), stored))
        for name, target in links.items():
            commands.append(b"M 120000 inline %s\ndata %d\n%s\n" % (name.encode(), len(target), target.encode()))
        self._git("fast-import", "--quiet", "--force", stdin=b"".join(commands))
        commit = self.resolve(branch)
        assert commit is not None
        return commit

    def tag(self, name: str, commit: str) -> None:
        """Names a commit."""
        self._git("tag", name, commit)

    def refs(self, kind: str) -> dict[str, str]:
        """Names and commits of ``heads`` or ``tags``."""
        lines = self._git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", f"refs/{kind}").decode()
        return dict(line.split(" ", 1) for line in lines.splitlines())

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag or commit id (whole or 7 digits and more) names, or None."""
        if revision.startswith("-"):
            return None
        command = ["git", "-C", str(self.path), "rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}"]
        answer = subprocess.run(command, capture_output=True, env=git_environment(), check=False)
        return answer.stdout.decode().strip() or None

    def entries(self, commit: str) -> dict[str, Entry]:
        """Every file of a commit, by path."""
        return self._entries(commit)

    def read(self, entry: Entry) -> bytes:
        """A file's content, through its pointer where it has one."""
        return self.object_path(entry.sha256).read_bytes() if entry.sha256 else self._blobs(entry.oid)

    def object_path(self, sha256: str) -> Path:
        """Where an LFS object lies."""
        return self.path / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256

    def _store(self, data: bytes) -> bytes:
        target = self.object_path(hashlib.sha256(data).hexdigest())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return pointer(data)

    def _list(self, commit: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for line in filter(None, self._git("ls-tree", "-r", "-l", "-z", commit).split(b"\0")):
            facts, name = line.split(b"\t", 1)
            _, _, oid, size = facts.decode().split()
            match = _POINTER.fullmatch(self._blobs(oid)) if int(size) < 1024 else None
            content = int(match[2]) if match else int(size)
            path = name.decode()
            entries[path] = Entry(path, oid, content, int(size), match[1].decode() if match else None)
        return entries

    def _blob(self, oid: str) -> bytes:
        return self._git("cat-file", "blob", oid)

    def _git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        command = ["git", "-C", str(self.path), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, env=git_environment(), check=True).stdout


class Shelf:
    """A folder of repositories, ``ROOT/owner/name.git``, shared by the servers that serve them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repositories: dict[str, Repository] = {}

    def add(self, name: str, files: Mapping[str, bytes], *, branch: str = "main") -> Repository:
        """A new repository under ``name`` (``owner/name`` or ``name``)."""
        self.repositories[name] = Repository.create(self.root / f"{name}.git", files, branch=branch)
        return self.repositories[name]

    def object_path(self, sha256: str) -> Path | None:
        """Where some repository keeps an LFS object, or None."""
        paths = (repository.object_path(sha256) for repository in self.repositories.values())
        return next((path for path in paths if path.is_file()), None)
