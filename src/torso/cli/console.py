"""What commands print: JSON lines, plain lines, bars; and a progress bar where people wait."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
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
    reach = prediction.extent
    return {"tokens": reach.tokens, "read": reach.read, "windows": reach.windows, "truncated": reach.truncated}


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


def watched(items: Iterable[Item], total: int | None) -> Iterator[Item]:
    """Return the items, with a progress bar on standard error where someone waits there for longer than a second.

    Not where results appear on the same terminal: they show the progress themselves.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from items
        return
    begun, progress, task = time.monotonic(), None, None
    try:
        for number, item in enumerate(items, 1):
            if progress is None and time.monotonic() - begun > _PATIENCE:
                progress = _progress()
                task = progress.add_task(say("texts"), total=total)
                progress.start()
            if progress is not None and task is not None:
                progress.update(task, completed=number)
            yield item
    finally:
        if progress is not None:
            progress.stop()


def _progress() -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=drawing(stderr=True), transient=True)
