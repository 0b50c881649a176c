"""The part of a file that has arrived: it outlives the process, and the next one goes on where this one ended.

``X.torso-part`` holds the bytes, each at its place; ``X.torso-part.json`` says how far each segment has come. The
counts stand in it at fixed places and are overwritten after every block, so that even ``kill -9`` loses no more than
the blocks under way. Whether the bytes are right is decided by the hash of the whole, never by these files.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import TorsoError
from torso.hub.remote_file import RemoteFile
from torso.hub.transfer.pread import open_for_writing, read_at, write_at
from torso.io.files import read_text
from torso.io.rooted import Root

_DIGITS = 16
SUFFIX = ".torso-part"
BROKEN_RECORD = (TorsoError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a record may raise: it is a file like any other, and may hold anything."""


@dataclass(slots=True)
class Segment:
    """Bytes ``start`` to ``end`` of a file, of which the first ``done`` have arrived."""

    start: int
    end: int
    done: int = 0

    @property
    def next(self) -> int:
        """The position of the first byte that has not arrived."""
        return self.start + self.done

    @property
    def is_whole(self) -> bool:
        """Whether every byte has arrived."""
        return self.next == self.end


class Part:
    """A file that is arriving, open for writing.

    Args:
        path: where it is kept; a part that another process left there is continued, if it is of the same file.
        file: size and hash of the whole.
        segment_size: bytes of each segment of a new part.
        revision: the branch, tag or commit that it is fetched for.
        root: the folder below which no link is followed; None for the one that it is in.
    """

    def __init__(
        self, path: Path, file: RemoteFile, segment_size: int, revision: str = "", root: Root | None = None
    ) -> None:
        self.path = path
        self.root = root or Root(path.parent)
        self.file = file
        self.segment_size = segment_size
        self.revision = revision
        self.segments: list[Segment] = []
        self.validators: dict[str, str] = {}
        self._lock = threading.Lock()
        self._record = -1
        self._places: list[int] = []
        self._data = open_for_writing(path, self.root)
        try:
            if not self._continue():
                self.restart()
        except BaseException:
            self.close()
            raise

    @property
    def arrived(self) -> int:
        """Bytes that have arrived."""
        return sum(segment.done for segment in self.segments)

    @property
    def is_whole(self) -> bool:
        """Whether every byte has arrived."""
        return all(segment.is_whole for segment in self.segments)

    @property
    def frontier(self) -> int:
        """The position up to which every byte has arrived."""
        for segment in self.segments:
            if not segment.is_whole:
                return segment.next
        return self.file.size

    def put(self, position: int, data: bytes) -> int:
        """Write what has arrived for ``position`` and return how many of these bytes were new.

        Bytes that had arrived before are left as they are.
        """
        new = 0
        for number, segment in enumerate(self.segments):
            low, high = max(position, segment.next), min(position + len(data), segment.end)
            if low >= high or position > segment.next:
                continue
            write_at(self._data, memoryview(data)[low - position : high - position], low)
            with self._lock:
                gained = max(0, high - segment.next)
                segment.done += gained
                new += gained
                write_at(self._record, f"{segment.done:0{_DIGITS}d}".encode(), self._places[number])
        return new

    def read(self, position: int, length: int) -> bytes:
        """Return bytes that have arrived."""
        return read_at(self._data, length, position)

    def restart(self) -> None:
        """Throw away what has arrived, in a new file: the old one may be in its place already, or in another's use."""
        os.close(self._data)
        self._data = -1
        self.root.remove(self.path)
        self._data = self.root.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        size, step = self.file.size, max(self.segment_size, -(-self.file.size // 1024), 1)
        self.segments = [Segment(start, min(start + step, size)) for start in range(0, size, step)]
        self.validators = {}
        self._write_record()

    def remember(self, server: str, validator: str) -> None:
        """Keep by which name a server knows the version that is arriving from it."""
        if self.validators.get(server) != validator:
            self.validators[server] = validator
            self._write_record()

    def close(self) -> None:
        """Close the files and leave them for the next attempt."""
        for descriptor in (self._data, self._record):
            if descriptor >= 0:
                os.close(descriptor)
        self._data = self._record = -1

    def finish(self, target: Path) -> None:
        """Put the whole file in its place, durably, and remove the record.

        Raises:
            FileNotFoundError: the part is gone, or another process has begun it again.
        """
        os.fsync(self._data)
        status = self.root.status(self.path)
        if status is None or not os.path.samestat(status, os.fstat(self._data)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))
        self.close()
        self.root.replace(self.path, target)
        self.root.remove(record_path(self.path))

    def discard(self) -> None:
        """Remove the part: its bytes are of no use to anyone."""
        self.close()
        discard(self.path, self.root)

    def _continue(self) -> bool:
        """Take over what an earlier process left; False where there is nothing, or it is of another file."""
        try:
            table = read_record(self.path)
            segments = [
                Segment(int(str(entry["start"])), int(str(entry["end"])), int(str(entry["done"])))
                for entry in cast("list[dict[str, object]]", table["segments"])
            ]
            validators = {str(k): str(v) for k, v in cast("dict[str, object]", table["validators"]).items()}
        except BROKEN_RECORD:
            return False
        size_on_disk = os.fstat(self._data).st_size
        edges = [segment.start for segment in segments] + [self.file.size]
        sound = (
            (table.get("etag"), table.get("size")) == (self.file.etag, self.file.size)
            and edges[0] == 0
            and all(
                segment.start < segment.end == following and 0 <= segment.done <= segment.end - segment.start
                for segment, following in zip(segments, edges[1:], strict=True)
            )
        )
        if not sound:
            return False
        for segment in segments:
            segment.done = max(0, min(segment.done, size_on_disk - segment.start))
        self.segments, self.validators = segments, validators
        self._write_record()
        return True

    def _write_record(self) -> None:
        """Rewrite the record and remember the offset of each count in it."""
        table = {
            "format": 1,
            "etag": self.file.etag,
            "size": self.file.size,
            "revision": self.revision,
            "validators": self.validators,
            "segments": [
                {"start": segment.start, "end": segment.end, "done": f"{segment.done:0{_DIGITS}d}"}
                for segment in self.segments
            ],
        }
        text = json.dumps(table).encode()
        mark, position = b'"done": "', 0
        with self._lock:
            self._places = []
            for _ in self.segments:
                position = text.index(mark, position) + len(mark)
                self._places.append(position)
            if self._record < 0:
                self._record = open_for_writing(record_path(self.path), self.root)
            write_at(self._record, text, 0)
            os.ftruncate(self._record, len(text))


def discard(path: Path, root: Root | None = None) -> None:
    """Remove a part below ``root`` and its record from the disk."""
    root = root or Root(path.parent)
    root.remove(path)
    root.remove(record_path(path))


def read_record(path: Path) -> dict[str, object]:
    """Read the record of a part from the disk; raises errors of every kind without one, or with another file's."""
    return cast("dict[str, object]", json.loads(read_text(record_path(path), limit=1 << 20, code="E_PART")))


def record_path(path: Path) -> Path:
    """Return the record that belongs to a part."""
    return path.with_name(path.name + ".json")


@contextmanager
def own_part(path: Path, root: Root, *, locked: bool) -> Generator[Path]:
    """Yield the path of a partial file: ``path`` itself where it can be locked, else a name unique to the caller.

    A part that waits is then taken over by renaming, which one of several callers does, and handed back at the end.
    Should two hand back at once, the hash of the whole finds out.
    """
    if locked:
        yield path
        return
    own = path.with_name(f"{path.name.removesuffix(SUFFIX)}.{secrets.token_hex(8)}{SUFFIX}")
    _move(root, path, own)
    try:
        yield own
    finally:
        _move(root, own, path)


def _move(root: Root, path: Path, to: Path) -> None:
    for source, target in ((record_path(path), record_path(to)), (path, to)):
        with suppress(FileNotFoundError):
            root.replace(source, target)
