"""What commands print: JSON lines, plain lines, bars; and a progress bar where people wait."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from torso.language import say
from torso.terminal import drawing

if TYPE_CHECKING:
    from torso.tasks.extents import Measured

Item = TypeVar("Item")

_PATIENCE = 1.0  # seconds before a progress bar is worth looking at
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def print_json(value: object) -> None:
    """Print a value as one line of JSON, with escapes only where the output cannot hold the characters."""
    click.echo(json.dumps(value, ensure_ascii=not can_print("弱😀"), allow_nan=False, default=str))


def extent_row(prediction: Measured) -> dict[str, Any]:
    """Return how much of its text a prediction was made from, as plain data."""
    extent = prediction.extent
    return {"tokens": extent.tokens, "read": extent.read, "windows": extent.windows, "truncated": extent.truncated}


def as_text(given: object) -> str:
    """Return a text, or a pair of texts, on one line."""
    return " | ".join(cast("tuple[str, ...]", given)) if isinstance(given, tuple) else str(given)


def can_print(marks: str) -> bool:
    """Return whether standard output can hold these characters."""
    try:
        marks.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def bar(share: float, columns: int) -> str:
    """Draw a share of 0 to 1 as a bar of at most ``columns`` columns, to an eighth of one where printable."""
    share = min(max(share, 0.0), 1.0)
    if not can_print(_EIGHTHS):
        return "#" * round(share * columns)
    whole, rest = divmod(round(share * columns * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def whole_line(text: str) -> str:
    """Return a text on one line, however long, with what cannot be seen escaped."""
    from torso.io.paths import shown

    return shown(text)


def one_line(text: str, columns: int = 60) -> str:
    """Return a text on one line of at most ``columns`` columns, with what cannot be seen escaped."""
    from torso.config.text_table import width
    from torso.io.paths import shown

    text = shown(text)
    if width(text) <= columns:
        return text
    kept = ""
    for mark in text:
        if width(kept) + width(mark) > columns - 3:
            break
        kept += mark
    return kept + "..."


def watched(
    items: Iterable[Item], total: int | None, *, printed: bool = True, what: str | None = None
) -> Iterator[Item]:
    """Return the items, with a progress bar on standard error where someone waits there for longer than a second.

    Args:
        items: what is made.
        total: their number, if it is known.
        printed: whether each is printed as it comes: where that is on the same terminal, the items themselves show
            the progress from the first one on.
        what: what they are; None for texts.
    """
    shown_there = printed and sys.stdout.isatty()
    with _Waiting(what or say("texts"), total, counted=True) as waiting:
        for number, item in enumerate(items, 1):
            if shown_there:
                waiting.stop()
            else:
                waiting.update(number)
            yield item


@contextmanager
def waited(what: str) -> Generator[None]:
    """Show what is done, and for how long, on standard error where someone waits there for longer than a second."""
    with _Waiting(what, None, counted=False):
        yield


class _Waiting:
    """A progress bar that appears after a second, and goes with the end of what is done.

    Args:
        what: is done.
        total: how many items that makes; None where it is not known.
        counted: whether items are made at all.
    """

    def __init__(self, what: str, total: int | None, *, counted: bool) -> None:
        self._what, self._total, self._counted = what, total, counted
        self._lock = threading.Lock()
        self._done, self._bar, self._ended = 0, cast("Any", None), not sys.stderr.isatty()
        # A timer, since what makes people wait may be a single call: loading, or one long text.
        self._timer = threading.Timer(_PATIENCE, self._appear)
        self._timer.daemon = True

    def __enter__(self) -> _Waiting:
        if not self._ended:
            self._timer.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def update(self, done: int) -> None:
        """Note how many items are made."""
        with self._lock:
            self._done = done
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=done)

    def stop(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def _appear(self) -> None:
        bar = _progress(counted=self._counted, ending=self._total is not None)
        with self._lock:
            if not self._ended:
                self._bar = bar
                self._bar.add_task(self._what, total=self._total, completed=self._done)
                self._bar.start()


def _progress(*, counted: bool, ending: bool) -> Any:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [TextColumn("{task.description}"), BarColumn()]
    columns += [MofNCompleteColumn()] if counted else []
    columns.append(TimeRemainingColumn() if ending else TimeElapsedColumn())
    # Standard output is the results', which rich would draw above the bar, on standard error.
    return Progress(*columns, console=drawing(stderr=True), transient=True, redirect_stdout=False)
