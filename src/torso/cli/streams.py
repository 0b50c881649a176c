"""The standard streams of a command: closed, full, without a reader, or of an encoding that cannot show everything."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from torso.errors import AccessError, DiskError, TorsoError


class _Results(io.FileIO):
    """Standard output. Output that cannot be written raises."""

    def write(self, data: Any, /) -> int | None:
        """Write; a system error becomes a `TorsoError`, except a closed pipe."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _why(error) from error


class _Messages(io.FileIO):
    """Standard error. A message that cannot be written affects neither what a command does nor its exit status."""

    def write(self, data: Any, /) -> int | None:
        """Write what can be written."""
        with suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes


def _why(error: OSError) -> TorsoError:
    what = "Standard output cannot be written: {reason}. What was printed is not whole."
    values = dict(reason=os.strerror(error.errno or errno.EIO))
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskError("E_DISK_FULL", what, cure="Free some space, or send the output elsewhere.", values=values)
    return AccessError("E_ACCESS", what, cure="Send the output elsewhere: > FILE", values=values)


@contextmanager
def standard_streams() -> Generator[None]:
    """Make printing within this context arrive or raise, and messages never raise.

    A stream that is closed is replaced, so that no file which is opened later takes its number: writing to standard
    output fails then, and messages are dropped.
    """
    before = sys.stdout, sys.stderr
    if os.name == "posix":
        _occupy(0, os.O_RDONLY)
        _occupy(1, os.O_RDONLY)
        _occupy(2, os.O_RDWR)
    sys.stdout, sys.stderr = _safe(sys.stdout, 1, _Results), _safe(sys.stderr, 2, _Messages)
    own = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for each in own:
            with suppress(OSError, ValueError, TorsoError):  # results were flushed before, where that could be told
                each.flush()


def _occupy(number: int, flags: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _safe(stream: TextIO | None, number: int, kind: type[io.FileIO]) -> TextIO:
    if stream is None:
        encoding, by_line, at_once = "utf-8", False, False
    elif type(stream) is io.TextIOWrapper and _number_of(stream) == number:
        with suppress(OSError):
            stream.flush()
        encoding, at_once = stream.encoding, stream.write_through
        by_line = stream.line_buffering or at_once  # written through, a line still waits in the buffer below
    else:  # a program's own stream, as in tests and notebooks
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        return cast("TextIO", stream)
    # A console in ASCII or GBK cannot show every token: an escape in its place is better than a crash.
    raw = io.BufferedWriter(kind(number, "wb", closefd=False))
    return io.TextIOWrapper(
        raw,
        encoding,
        "backslashreplace",
        newline="\n" if os.name == "posix" else None,
        line_buffering=by_line,
        write_through=at_once,
    )


def _number_of(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def give_up_output() -> None:
    """Drop what standard output still holds: it would raise once more when the stream is closed."""
    with suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        sys.stdout.flush()
