"""What of its memory a server may give to requests: as much as it is set to, and no more than it has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from torso.errors import LimitError
from torso.serve.serve_settings import ServeSettings

TOKEN_BYTES = 160
"""Of a queued token's encoding: ids, segments, spans."""
PREPARING = 2
"""Threads in which long texts are tokenized."""
_CHARACTER_BYTES = 120  # of a text while it is tokenized: normalized, with what each part of it was
_COPIES = 3  # of a body: as it is read, as text, and as JSON values
_SHARE = 0.6  # of what is left; engines work in the rest, and allocators waste some of it
_THREADS = 128 << 20  # bytes of address space for stacks and arenas of threads that do not run yet
_LEAST = 1 << 20  # bytes of bodies and of queued encodings, without which nothing can be answered


def memory_left(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process may take beyond what it has; None where nothing says.

    The least of: the limits of its control groups, its limit of address space, and the machine's memory.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    return min(_left(root), default=None)


def _left(root: Path) -> Iterator[int]:
    own = root / "proc/self"
    with suppress(OSError, ValueError, IndexError):
        size, resident = (int(each) * os.sysconf("SC_PAGE_SIZE") for each in (own / "statm").read_text().split()[:2])
        with suppress(OSError, ValueError, IndexError):
            lines = (own / "limits").read_text().splitlines()
            [limit] = [line for line in lines if line.startswith("Max address space")]
            yield max(int(limit.split()[3]) - size - _THREADS, 0)
        with suppress(OSError, ValueError, IndexError):
            total = (root / "proc/meminfo").read_text().partition("MemTotal:")[2].split()[0]
            yield max(int(total) * 1024 - resident, 0)
    with suppress(OSError):
        for line in (own / "cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "memory"):
                yield from _of_groups(root / "sys/fs/cgroup" / kinds, path.strip("/"), version=1 if kinds else 2)


def _of_groups(home: Path, path: str, version: int) -> Iterator[int]:
    """Yield what a control group and each above it have left; in a container its own is at the top."""
    limit, used = (
        ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    )
    parts = [each for each in path.split("/") if each not in ("", "..")]
    for count in range(len(parts) + 1):
        folder = home.joinpath(*parts[:count])
        with suppress(OSError, ValueError):  # "max" is no number
            yield max(int((folder / limit).read_text()) - int((folder / used).read_text()), 0)


def fitted(settings: ServeSettings, queue_tokens: int, queues: int, left: int | None) -> tuple[ServeSettings, int]:
    """Return settings and tokens of a queue whose bound is within what is left.

    Args:
        settings: as they were stated.
        queue_tokens: of each queue at most.
        queues: how many there are.
        left: bytes; None for as many as are wanted.

    Raises:
        LimitError: E_MEMORY, if so little is left that no request could be answered.
    """
    wanted = bound(settings, queue_tokens * queues)
    if left is None or wanted <= left * _SHARE:
        return settings, queue_tokens
    share = left * _SHARE / wanted
    flight, tokens = int(settings.flight_bytes * share), int(queue_tokens * share)
    characters = int(settings.characters * share)
    if min(flight, tokens * TOKEN_BYTES) < _LEAST:
        raise LimitError(
            "E_MEMORY",
            "The models leave {left} bytes of memory: too few for requests.",
            cure="Give the server more memory, or fewer or smaller models.",
            values=dict(left=f"{left:,}"),
        )
    lowered = dict(flight_bytes=flight, body_bytes=min(settings.body_bytes, flight), characters=characters)
    return replace(settings, **lowered), tokens


def bound(settings: ServeSettings, queue_tokens: int) -> int:
    """Return the bytes that bodies, texts that are tokenized, and queued tokens take at most."""
    tokenized = PREPARING * settings.characters * _CHARACTER_BYTES
    return _COPIES * settings.flight_bytes + tokenized + queue_tokens * TOKEN_BYTES
