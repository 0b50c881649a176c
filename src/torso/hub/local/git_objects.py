"""What a git repository on the disk holds, asked of the git binary with all turned off that could run or reach out.

Files are read as git's objects, never checked out: no filter, link or line ending of a repository can change them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from torso.errors import NetworkError, UnsupportedError
from torso.hub.remote_file import RemoteFile
from torso.io.files import lfs_pointer
from torso.io.rooted import Root

_POINTER = 1024  # bytes: no pointer of Git LFS is larger
_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "safe.directory=*",
    "protocol.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "gc.auto=0",
    "maintenance.auto=false",
)
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GCM_INTERACTIVE": "never",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


def has_git() -> bool:
    """Whether the git binary is on this machine."""
    return shutil.which("git") is not None


def git_command(folder: Path, arguments: Sequence[str], protocol: str = "") -> list[str]:
    """A command line of git for a repository; ``protocol`` is the one it may use, empty for none."""
    settings = [*_SAFE, *([f"protocol.{protocol}.allow=always"] if protocol else [])]
    options = [option for setting in settings for option in ("-c", setting)]
    return ["git", "--no-pager", *options, "-C", str(folder), *arguments]


def run_git(folder: Path, *arguments: str, protocol: str = "", stdin: bytes = b"") -> bytes:
    """What git prints.

    Raises:
        UnsupportedError: E_NO_GIT.
        NetworkError: E_GIT, with git's own last words.
    """
    if not has_git():
        raise UnsupportedError(
            "E_NO_GIT",
            "git is not on this machine.",
            cure="Install git, or get the model without it: torso get org/name",
        )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _QUIET
    done = subprocess.run(
        git_command(folder, arguments, protocol), input=stdin, capture_output=True, env=environment, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise NetworkError(
            "E_GIT",
            "git {command} failed: {said}.",
            cure="Check the address, and whether the repository is public: torso get --git https://host/org/name",
            values=dict(command=arguments[0], said=(said[-1] if said else "?").strip().rstrip(".")[:300]),
        )
    return done.stdout


def files_of(folder: Path, commit: str) -> list[RemoteFile]:
    """Every file of a commit; an object of Git LFS by what its pointer says. Links and submodules are left out.

    Raises:
        NetworkError, UnsupportedError: as `run_git`.
    """
    listed = run_git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0")
    files: list[RemoteFile] = []
    for entry in filter(None, listed):
        head, _, name = entry.partition(b"\t")
        mode, kind, blob, size = head.decode().split()
        if kind == "blob" and mode != "120000":
            files.append(RemoteFile(name.decode(errors="surrogateescape"), int(size), blob, blob))
    small = [file for file in files if file.size <= _POINTER]
    pointers = dict(zip((file.path for file in small), map(lfs_pointer, read_blobs(folder, small)), strict=True))
    found: list[RemoteFile] = []
    for file in files:
        pointer = pointers.get(file.path)
        found.append(RemoteFile(file.path, pointer.size, pointer.oid, file.blob) if pointer else file)
    return found


def read_blobs(folder: Path, files: Iterable[RemoteFile]) -> Iterator[bytes]:
    """The content of each file as git keeps it, in their order."""
    asked = [file.blob for file in files]
    data = (
        run_git(folder, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in asked).encode()) if asked else b""
    )
    position = 0
    for _ in asked:
        end = data.index(b"\n", position)
        size = int(data[position:end].split()[-1])
        yield data[end + 1 : end + 1 + size]
        position = end + size + 2


def write_blob(folder: Path, file: RemoteFile, target: Path, root: Root) -> None:
    """Writes one file's content as git keeps it, whole or not at all, below ``root``; git verifies its hash."""
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(8)}.git")
    environment = os.environ | _QUIET
    try:
        with os.fdopen(root.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as stream:
            command = git_command(folder, ["cat-file", "blob", file.blob])
            subprocess.run(command, stdout=stream, stderr=subprocess.DEVNULL, env=environment, check=True)
        root.replace(temporary, target)
    finally:
        root.remove(temporary)
