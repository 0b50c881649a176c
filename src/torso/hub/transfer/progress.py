"""How far a download has come, counted by the engine and shown by whoever wants to."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from torso.language import say
from torso.terminal import drawing, escaped, obeying

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_EVERY = 0.5  # seconds between two forms of the line in a notebook
_WAITING_AFTER = 5.0  # seconds without an answer after which a line says what is waited for
_SHOW_AFTER = 1.0  # seconds: what is over by then needs no bar


class Watcher(Protocol):
    """Receiver of a download's progress; every method may be called from any thread."""

    def advance(self, count: int) -> None:
        """``count`` more bytes are on the disk, or fewer where it is negative."""
        ...

    def note(self, template: str, values: dict[str, object]) -> None:
        """Something that a person who waits should know, such as a server that asks to wait."""
        ...


class TransferProgress:
    """Counts bytes, and where someone looks shows them after a second: how far, rate, time left.

    Args:
        name: what is being fetched.
        total: bytes in all.
        quiet: show nothing.
    """

    def __init__(self, name: str, total: int, *, quiet: bool = False) -> None:
        self.name = name
        self.total = total
        self.done = 0
        self._show = not quiet and is_watched()
        self._line = _Line(name, total) if is_notebook() else None
        self._notes = deque[tuple[str, dict[str, object]]](maxlen=20)
        self._lock = threading.Lock()
        self._begin = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> TransferProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self.refresh()
            self._bar.stop()
        if self._line is not None:
            self._line.end()

    def advance(self, count: int) -> None:
        """See `Watcher`."""
        with self._lock:
            self.done += count

    def note(self, template: str, values: dict[str, object]) -> None:
        """See `Watcher`. Shown above the bar."""
        self._notes.append((template, values))

    def refresh(self) -> None:
        """Bring the bar up to date; called by the one thread that waits."""
        if not self._show or (self._bar is None and not self._notes and time.monotonic() - self._begin < _SHOW_AFTER):
            return
        if self._line is not None:
            while self._notes:
                self._line.note(say(*self._notes.popleft()))
            self._line.show(self.done)
            return
        if self._bar is None:
            self._bar = _new_bar()
            self._task = self._bar.add_task(self.name, total=self.total, completed=self.done)
            self._bar.start()
        while self._notes:
            self._bar.console.print(f"torso: {say(*self._notes.popleft())}", markup=False, highlight=False)
        if self._task is not None:
            self._bar.update(self._task, completed=self.done)


class _Line:
    """Progress in one line that is written over again and again: what a notebook shows without any widget."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._seen = deque[tuple[float, int]](maxlen=20)
        self._length = 0

    def show(self, done: int) -> None:
        """Write how far it is, twice a second at most; the rate is that of the last ten seconds."""
        now = time.monotonic()
        if self._seen and now - self._seen[-1][0] < _LINE_EVERY:
            return
        self._seen.append((now, done))
        parts = [self._name, f"{size_text(done)} / {size_text(self._total)}"]
        begun, first = self._seen[0]
        if now > begun and done > first:
            rate = (done - first) / (now - begun)
            minutes, seconds = divmod(round((self._total - done) / rate), 60)
            parts += [f"{size_text(round(rate))}/s", f"{minutes}:{seconds:02d}"]
        text = "  ".join(parts)
        obeying(sys.stderr).write(f"\r{escaped(text).ljust(self._length)}")
        sys.stderr.flush()
        self._length = len(text)

    def note(self, text: str) -> None:
        """Write something that stays."""
        self.end()
        sys.stderr.write(f"torso: {text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line as it is, where there is one."""
        if self._length:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._length = 0


class Notices:
    """Shows at once what there is to say before the first byte is asked for.

    Args:
        quiet: show nothing.
        always: show it in a log too, where no person looks.
    """

    def __init__(self, *, quiet: bool = False, always: bool = False) -> None:
        self._show = not quiet and (always or is_watched())

    def advance(self, count: int) -> None:
        """See `Watcher`. There are no bytes to count."""

    def note(self, template: str, values: dict[str, object]) -> None:
        """See `Watcher`."""
        if self._show:
            sys.stderr.write(f"torso: {say(template, values)}\n")
            sys.stderr.flush()


@contextmanager
def waiting(watcher: Watcher, template: str, values: dict[str, object]) -> Generator[None]:
    """Note what is waited for, once, where the block takes longer than a few seconds."""
    timer = threading.Timer(_WAITING_AFTER, watcher.note, (template, values))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_watched() -> bool:
    """Return whether a person sees standard error as it is written: on a terminal, or below the cell of a notebook."""
    return sys.stderr.isatty() or is_notebook()


def is_notebook() -> bool:
    """Return whether standard error is a notebook's: no terminal, but carriage returns are understood."""
    return type(sys.stderr).__module__.startswith("ipykernel")


def size_text(count: int) -> str:
    """Return a number of bytes as people read it, in powers of ten: ``156 MB``."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if value >= 99.95 or unit == "B" else f"{value:.1f} {unit}"


def _new_bar() -> Progress:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=drawing(stderr=True),
        transient=True,
    )
