"""Work that is killed at random moments: what tests of everything that writes share.

``TORSO_TEST_KILLS`` says how often each is killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

KILLS = int(os.environ.get("TORSO_TEST_KILLS", "2"))


class Process(Protocol):
    """What `subprocess.Popen` and `Forked` have in common."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Forked:
    """Work in a process that goes on from here: torch need not be loaded again. Only where no thread runs."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.setsid()
                work()
                status = 0
            finally:
                os._exit(status)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, as `subprocess.Popen.wait` gives it."""
        deadline = time.monotonic() + (timeout or 120)
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("work", timeout or 120)
            time.sleep(0.001)


Start = Callable[[], Process]


def killed_often(start: Start, look: Callable[[], None], prepare: Callable[[], object]) -> None:
    """Starts processes that are killed at random moments, looks after each, and then lets one end."""
    prepare()
    longest = _run(start, None)
    look()
    seed = random.randrange(1 << 32)
    print("seed", seed)
    moments = random.Random(seed)
    for _ in range(KILLS):
        prepare()
        _run(start, longest * moments.uniform(0.3, 1.05))
        look()
    prepare()
    _run(start, None)
    look()


def _run(start: Start, seconds: float | None) -> float:
    """The seconds that a process took, killed after some, if any."""
    begun = time.monotonic()
    process = start()
    try:
        assert process.wait(seconds or 120) == 0
    except subprocess.TimeoutExpired:
        assert seconds is not None
        for kill in (os.killpg, os.kill):  # it may have no group of its own yet
            with suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
        process.wait()
    return time.monotonic() - begun
