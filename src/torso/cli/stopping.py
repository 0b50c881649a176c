"""How a command is stopped from outside: by a signal, or by a machine that has no memory left."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from types import FrameType
from typing import Any

from torso.errors import LimitError

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_TORCH_NEEDS = 720 << 20
"""Bytes of address space without which PyTorch aborts the process while it is imported: measured, 640 MB."""


class Stopped(KeyboardInterrupt):
    """A signal that asks the process to end: whatever puts things in order after Ctrl-C does so after it too."""


class Signals:
    """What has been received.

    Attributes:
        received: the number of the first signal; None before the first.
        ending: whether the command has ended: what comes now changes nothing.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.ending = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise in the main thread, so that every ``finally`` runs."""
        if self.ending:
            return
        if self.received is None:
            self.received = number
        raise Stopped(number)

    @property
    def status(self) -> int | None:
        """The exit status, as a shell has it: 128 and the number of the signal."""
        return None if self.received is None else 128 + self.received


@contextmanager
def stoppable() -> Generator[Signals]:
    """Raise `Stopped` on SIGINT, SIGTERM and SIGHUP within this context; handlers set by the caller are kept."""
    signals = Signals()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, signals.handle)
    try:
        yield signals
    finally:
        signals.ending = True
        for number, handler in before.items():
            signal.signal(number, handler)


class _Guard(MetaPathFinder):
    """Refuses the import of PyTorch where it would abort the process for want of memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None, /) -> None:
        """Find nothing; raise for PyTorch."""
        if fullname == "torch":
            raise LimitError(
                "E_MEMORY",
                "This process may use {limit} bytes of memory; PyTorch alone takes {needed}.",
                cure="Raise the limit: ulimit -v unlimited",
                values=dict(limit=f"{self.limit:,}", needed=f"{_TORCH_NEEDS:,}"),
            )


@contextmanager
def within_memory() -> Generator[None]:
    """Refuse to import PyTorch within this context if the address space of the process is too small."""
    guard = None
    with suppress(ImportError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY and limit < _TORCH_NEEDS:
            guard = _Guard(limit)
            sys.meta_path.insert(0, guard)
    try:
        yield
    finally:
        if guard is not None:
            sys.meta_path.remove(guard)


def no_memory() -> LimitError:
    """Return the error for a command that the memory does not hold."""
    return LimitError(
        "E_MEMORY",
        "There is not enough memory for this command.",
        cure="End other programs, raise the limit (ulimit -v), or give fewer or shorter texts.",
    )
