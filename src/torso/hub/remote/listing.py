"""What a server says a repository holds, checked before any of it touches a path."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from torso.errors import LimitError, UnsafeFileError
from torso.hub.local.hub_cache import FILES
from torso.hub.remote_file import COMMIT, ETAG, RemoteFile
from torso.hub.transfer.failure import Failure, bad_server, host_of
from torso.hub.transfer.file_url import FileUrl
from torso.language import say

_SIZE = 1 << 50  # a million GB
_PATH = 1000  # characters
_DEPTH = 32
_DEVICES = frozenset(["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)])


@dataclass(frozen=True, slots=True)
class Listing:
    """One commit of a repository, as one server describes it.

    Attributes:
        server: how messages call the server.
        origin: its address.
        commit: 40 hexadecimal digits; made from the hashes of the files where the server's revisions are mutable.
        revision: the branch or tag it was asked for, as it is kept in the cache.
        files: every file, by path.
        private: not to be named to other servers.
        place: where this server has a file.
        left: entries that are not files, never taken, by path: a key of `torso.hub.unread_weights.LEFT_OUT`.
    """

    server: str
    origin: str
    commit: str
    revision: str
    files: Mapping[str, RemoteFile]
    private: bool
    place: Callable[[RemoteFile], FileUrl]
    left: Mapping[str, str] = field(default_factory=dict[str, str])


def checked(files: Iterable[RemoteFile], url: str) -> dict[str, RemoteFile]:
    """Return the files of a listing by path, where every one of them is safe to write below a folder.

    Raises:
        Failure: E_BAD_SERVER, an invalid hash; E_UNSAFE_PATH, a path that leaves the folder, that some system
            cannot write, or that is a file and a folder; E_LIMIT, more files or bytes than any model has.
    """
    table: dict[str, RemoteFile] = {}
    for file in files:
        reason = _unsafe(file.path)
        if reason or file.path in table:
            raise _refused(file.path, reason or "it is listed twice", url)
        if len(table) >= FILES or not 0 <= file.size <= _SIZE:
            raise Failure(
                LimitError(
                    "E_LIMIT",
                    "{host} lists more than a model can be: {found}.",
                    cure="Choose another source, or check the name.",
                    values=dict(
                        host=host_of(url),
                        found=f"{file.path[:100]!r}, {file.size} bytes"
                        if len(table) < FILES
                        else f"over {FILES} files",
                    ),
                ),
                again=False,
            )
        if not ETAG.fullmatch(file.etag) or not ETAG.fullmatch(file.blob):
            raise bad_server(url, f"the hash of {file.path[:100]!r} is {file.etag[:80]!r}")
        table[file.path] = file
    for path in table:
        parent = path
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in table:
                raise _refused(parent, "it is listed as a file and as a folder", url)
    return table


def require_distinct(paths: Iterable[str], url: str) -> None:
    """Raise if two of the files to be written are one on a case-insensitive file system.

    Raises:
        UnsafeFileError: E_UNSAFE_PATH.
    """
    seen: dict[str, str] = {}
    for path in paths:
        folded = unicodedata.normalize("NFC", path).casefold()
        if folded in seen:
            raise _refused(path, "it differs from another only in capitals", url).error
        seen[folded] = path


def require_commit(value: object, url: str) -> str:
    """Check the commit that a server names, and return it.

    Raises:
        Failure: E_BAD_SERVER, it is not one.
    """
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        raise bad_server(url, f"the commit is {str(value)[:80]!r}")
    return value


def _unsafe(path: str) -> str:
    """Why a path is not to be written below a folder; empty where it may be."""
    parts = path.split("/")
    if (
        not path
        or len(path) > _PATH
        or len(parts) > _DEPTH
        or any(len(part.encode(errors="replace")) > 255 for part in parts)
    ):
        return "it is too long, or empty"
    if "\\" in path or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path):
        return "it holds what no file name may"
    if path.startswith(("/", "~")) or (len(path) > 1 and path[1] == ":"):
        return "it is absolute"
    for part in parts:
        if part in ("", ".", ".."):
            return "it leads out of its folder"
        if part[-1] in " ." or part.split(".")[0].strip().lower() in _DEVICES:
            return "it means a device or another file on Windows"
    if parts[0].casefold() in (".cache", ".locks") or any(part.casefold() in (".git", "git~1") for part in parts):
        return "it is the cache's own"
    return ""


def _refused(path: str, reason: str, url: str) -> Failure:
    return Failure(
        UnsafeFileError(
            "E_UNSAFE_PATH",
            "{host} lists a file {path}, which is refused: {reason}.",
            cure="Get the model from a source you trust: --source hf",
            values=dict(host=host_of(url), path=repr(path[:100]), reason=say(reason)),
        ),
        again=False,
    )
