"""The one transfer engine: a file comes from whichever server gives it, goes on where it stopped, and is right or gone.

A file is known by size and hash before a byte of it is asked for, so it does not matter who sends it, in how many
pieces, or over how many days. Servers are tried in turn, and the next one goes on in the middle of the file.
"""

from __future__ import annotations

import errno
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from torso.errors import AccessError, DiskError, IntegrityError, NetworkError, TorsoError
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.digest import Digest, digest_of
from torso.hub.transfer.failure import Failure
from torso.hub.transfer.file_url import FileUrl
from torso.hub.transfer.http import Web
from torso.hub.transfer.locking import locked
from torso.hub.transfer.partial_file import SUFFIX, Part, own_part
from torso.hub.transfer.progress import Watcher
from torso.hub.transfer.range_fetch import Fetch
from torso.io.files import shown
from torso.io.rooted import Root
from torso.language import sentences

PARALLEL_FROM = 64 << 20  # bytes; below, one connection is as fast
_SEGMENT = 32 << 20
_FOLLOW_FROM = 8 << 20  # bytes; below, hashing after the fact takes milliseconds
_BLOCK = 1 << 20
_ATTEMPTS = 3
WAITING = "another process is fetching {name}; waiting for it."


@dataclass(frozen=True, slots=True)
class Job:
    """A file to fetch.

    Attributes:
        file: what it must be.
        places: where it can be had, best first.
        target: where it goes once it is whole and right.
        part: where it is kept until then.
        lock: the file that processes lock which fetch the same.
        root: the folder below which no link is followed.
        again: fetch even if ``target`` is there.
        revision: the branch, tag or commit that it is fetched for.
    """

    file: RemoteFile
    places: tuple[FileUrl, ...]
    target: Path
    part: Path
    lock: Path
    root: Root
    again: bool = False
    revision: str = ""


def part_path(target: Path) -> Path:
    """Return where the part of a file is kept that will be ``target``."""
    return target.with_name(target.name + SUFFIX)


def download(job: Job, web: Web, watcher: Watcher, connections: int) -> None:
    """Download ``job.target``, verified; a partial file is continued.

    Another process that fetches the same file is waited for, and then nothing is fetched twice. Where ``web.cancelled``
    is set meanwhile, it returns early and the part stays.

    Args:
        job: what, from where, to where.
        web: the network.
        watcher: notified of each byte.
        connections: how many to use at once for a large file.

    Raises:
        NetworkError, ServerAnswerError: why every server failed; the part stays.
        IntegrityError: E_HASH, E_SIZE: every server's bytes are wrong; nothing stays.
        DiskError: E_DISK_FULL, the part stays. AccessError: E_ACCESS, the folder may not be written.
    """
    with (
        write_errors(job.target),
        locked(job.lock, web.cancelled, lambda: watcher.note(WAITING, {"name": job.file.path}), job.root) as acquired,
    ):
        if web.cancelled.is_set():
            return
        if not job.again and is_right(job.target, job.file):
            watcher.advance(job.file.size)
            return
        _download(job, web, watcher, connections, locked=acquired)


def is_right(path: Path, file: RemoteFile) -> bool:
    """Return whether a file is there with the size and the content that it should have."""
    return has_size(path, file.size) and digest_of(path, file) == file.etag


def has_size(path: Path, size: int) -> bool:
    """Return whether a file is there with this many bytes."""
    try:
        return path.stat().st_size == size
    except OSError:
        return False


@contextmanager
def write_errors(path: Path) -> Generator[None]:
    """Raise operating system errors inside the block as torso's; ``path`` is what is written.

    Raises:
        DiskError: E_DISK_FULL. AccessError: E_ACCESS.
    """
    try:
        yield
    except OSError as error:
        raise error if isinstance(error, TorsoError) else write_error(path, error) from error


def write_error(path: Path, error: OSError) -> TorsoError:
    """Return the error for a file that could not be written: ``path``, or the one that the system names."""
    values = dict(path=shown(error.filename or path), reason=error.strerror or error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskError(
            "E_DISK_FULL",
            "The disk has no room for {path}. What has arrived is kept.",
            cure="Free some space and run the same command again, or choose another disk: HF_HUB_CACHE, or --to FOLDER",
            values=values,
        )
    return AccessError(
        "E_ACCESS",
        "{path} cannot be written: {reason}.",
        cure="Choose a folder you may write to: HF_HUB_CACHE, or --to FOLDER",
        values=values,
    )


def no_source(name: str, failures: Sequence[tuple[str, Failure]]) -> TorsoError:
    """Return the error for servers that all failed, each with its reason; a single server's error unchanged."""
    if len(failures) == 1:
        return failures[0][1].error
    return NetworkError(
        "E_NO_SOURCE",
        "No source could give {name}: {reasons}",
        cure="Check the network, or choose a source: --source hf, hf-mirror, modelscope or an address",
        values=dict(name=name, reasons=sentences(failure.error.what for _, failure in failures)),
    )


def _download(job: Job, web: Web, watcher: Watcher, connections: int, *, locked: bool) -> None:
    """Downloads, again if another process takes the part away, as one may on a disk whose locks lock nothing."""
    for attempt in range(_ATTEMPTS):
        try:
            with own_part(job.part, job.root, locked=locked) as path:
                return _download_alone(job, path, web, watcher, connections)
        except FileNotFoundError as error:
            if is_right(job.target, job.file):
                return None
            if isinstance(error, TorsoError) or attempt == _ATTEMPTS - 1:
                raise
    return None


def _download_alone(job: Job, path: Path, web: Web, watcher: Watcher, connections: int) -> None:
    """Download while no other process does.

    When all bytes have come and their hash is wrong, it starts over: a server that gave them alone is dropped if there
    are others, and is given one more chance if there are none.
    """
    parallel = connections if job.file.size >= PARALLEL_FROM else 1
    part = Part(path, job.file, _SEGMENT if parallel > 1 else max(job.file.size, 1), job.revision, job.root)
    places, strikes, found = list(job.places), Counter[str](), ""
    try:
        watcher.advance(part.arrived)
        while True:
            found, gave = _fill(part, places, web, watcher, parallel)
            if web.cancelled.is_set():
                return
            if found == job.file.etag:
                part.finish(job.target)
                return
            watcher.advance(-part.arrived)
            part.restart()
            strikes.update(gave)
            most = 1 if len(places) > 1 and len(gave) == 1 else 2
            places = [place for place in places if strikes[place.server] < most]
            if not places:
                raise Failure(_wrong_hash(job.file, found, strikes), again=False)
    except Failure as failure:
        if part.arrived == 0 or failure.error.code == "E_SIZE":
            part.discard()
        raise (_wrong_hash(job.file, found, strikes) if strikes else failure.error) from None
    finally:
        part.close()


def _fill(part: Part, places: Sequence[FileUrl], web: Web, watcher: Watcher, parallel: int) -> tuple[str, list[str]]:
    """Return the hash of a part once every byte of it has arrived, and the servers that gave any now.

    Raises:
        Failure: no server has what is missing.
    """
    gave: list[str] = []
    failures: list[tuple[str, Failure]] = []
    with _Follower(part, web.cancelled) as follower:
        for place in places:
            if part.is_whole or web.cancelled.is_set():
                break
            alone = len(places) == 1
            fetch = Fetch(part, place, web, watcher, connections=parallel, alone=alone, grown=follower.grown.set)
            failure = fetch.run()
            gave += [place.server] if fetch.gave else []
            if failure is None:
                break
            failures.append((place.server, failure))
        if not part.is_whole and not web.cancelled.is_set():
            raise Failure(no_source(part.file.path, failures), again=False)
        return follower.digest(), gave


class _Follower:
    """Hashes a part while it arrives, as far as it is without gaps, in a thread of its own if it is large."""

    def __init__(self, part: Part, cancelled: threading.Event) -> None:
        self.grown = threading.Event()
        self._part = part
        self._cancelled = cancelled
        self._digest = Digest(part.file)
        self._position = 0
        self._stop = False
        self._error: BaseException | None = None
        large = part.file.size >= _FOLLOW_FROM
        self._thread = threading.Thread(target=self._follow, name="hash", daemon=True) if large else None

    def __enter__(self) -> _Follower:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self.grown.set()
        if self._thread:
            self._thread.join()

    def digest(self) -> str:
        """Return the hash of the whole; empty where everything was cancelled before."""
        if self._cancelled.is_set():
            return ""
        self.grown.set()
        if self._thread:
            self._thread.join()
        else:
            self._advance()
        if self._error is not None:
            raise self._error
        return self._digest.hexdigest()

    def _follow(self) -> None:
        try:
            while self._position < self._part.file.size and not self._stop and not self._cancelled.is_set():
                self.grown.wait()
                self.grown.clear()
                self._advance()
        except BaseException as error:
            self._error = error

    def _advance(self) -> None:
        while (frontier := self._part.frontier) > self._position and not self._stop:
            block = self._part.read(self._position, min(_BLOCK, frontier - self._position))
            self._digest.update(block)
            self._position += len(block)


def _wrong_hash(file: RemoteFile, found: str, servers: Iterable[str]) -> IntegrityError:
    return IntegrityError(
        "E_HASH",
        "{path} arrived whole and wrong: its hash is {found}, and should be {wanted}.",
        where="From {servers}.",
        cure="Nothing was kept. Choose another source: --source hf-mirror, --source modelscope, or --source hf",
        values=dict(path=file.path, found=found, wanted=file.etag, servers=", ".join(sorted(set(servers)))),
    )
