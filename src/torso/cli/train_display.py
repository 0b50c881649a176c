"""What ``torso train`` shows while it runs: one row per evaluation, and on a terminal a bar with the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torso.cli.console import print_json
from torso.config.text_table import padded, width
from torso.language import say
from torso.terminal import drawing
from torso.training.durations import duration

if TYPE_CHECKING:
    from torso.training.loop import Row
    from torso.training.optimiser_step import StepResult
    from torso.training.step_order import Step

_COLUMN = 10


class TrainDisplay:
    """Shows a run on standard output.

    Args:
        names: scores that have a column, the first of them the one that chooses the best model.
        as_json: whether rows are JSON lines.
    """

    def __init__(self, names: Sequence[str], *, as_json: bool) -> None:
        self.names, self.as_json = names, as_json
        self.total = self.first = 0
        self.began = self.since = time.monotonic()
        self.tokens = 0
        self.last = 0
        self.bar: Any = None
        self.task: Any = None

    def started(self, total: int, step: int) -> None:
        """Show the heading."""
        self.total, self.first, self.last = total, step, step
        self.began = self.since = time.monotonic()
        if self.as_json:
            return
        self._print("")
        headings = [say("step"), say("epoch"), say("loss"), *map(_heading, self.names), say("rate"), say("tokens/s")]
        self._print(self._line([*headings, say("left")]))
        if sys.stdout.isatty():
            self._start_bar()

    def _start_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("  "), BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.fields[now]}"))
        self.bar = Progress(*columns, console=drawing(), transient=True)
        self.task = self.bar.add_task("", total=self.total, completed=self.first, now="")
        self.bar.start()

    def stepped(self, step: Step, result: StepResult) -> None:
        """Move the bar."""
        self.tokens += result.tokens
        self.last = step.number
        if self.bar is not None:
            values = dict(loss=f"{result.loss:.4f}", rate=f"{result.rate:.2e}", left=duration(self._left()))
            now = say("loss {loss}  rate {rate}  {left} left", values)
            self.bar.update(self.task, completed=step.number, now=now)

    def _left(self) -> float:
        done = self.last - self.first
        return (time.monotonic() - self.began) / max(done, 1) * (self.total - self.last)

    def evaluated(self, row: Row) -> None:
        """Show a row."""
        now = time.monotonic()
        speed = row.tokens / max(now - self.since, 1e-9)
        self.since = now
        if self.as_json:
            shown = {"step": row.step, "epoch": row.epoch, "loss": row.loss, **row.scores, "rate": row.rate}
            print_json({**shown, "tokens_per_second": round(speed), "left": self._left(), "best": row.best})
            return
        scores = [f"{row.scores[name]:.4f}" if name in row.scores else "-" for name in self.names]
        cells = [f"{row.step:,}", f"{row.epoch:.1f}", f"{row.loss:.4f}", *scores, f"{row.rate:.2e}", f"{speed:,.0f}"]
        self._print(self._line([*cells, duration(self._left())]) + (f"  {say('best')}" if row.best else ""))

    def saved(self, folder: Path, step: int) -> None:
        """Show nothing: checkpoints are a matter of course."""

    def finished(self, step: int) -> None:
        """Remove the bar."""
        self.close()

    def close(self) -> None:
        """Remove the bar, also of a run that ended otherwise."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def _line(self, cells: Sequence[str]) -> str:
        return " ".join(f"{' ' * (_COLUMN - width(each))}{each}" for each in cells)

    def _print(self, text: str) -> None:
        if self.bar is not None:
            self.bar.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text)


_NAMES = {"macro_f1": "macro F1", "micro_f1": "micro F1", "f1": "F1", "bleu": "BLEU", "chrf": "chrF"}
"""Scores whose names are written otherwise than in files."""


def _heading(name: str) -> str:
    return say("dev loss") if name == "loss" else _NAMES.get(name, name)


def part_name(part: str) -> str:
    """Return what a part is called."""
    return {"dev": say("dev"), "test": say("test"), "majority": say("most frequent")}[part]


def show_lines(lines: Sequence[tuple[str, str]]) -> None:
    """Print headings and their texts, aligned."""
    wide = max(width(name) for name, _ in lines)
    for name, text in lines:
        click.echo(f"{padded(name, wide)}  {text}")


def score_text(scores: Mapping[str, float], intervals: Mapping[str, float] | None = None) -> str:
    """Return scores on one line, without the loss; half of the 95 % interval behind those that have one."""
    spread = {name: f" (± {value:.4f})" for name, value in (intervals or {}).items()}
    shown = {name: f"{value:.4f}{spread.get(name, '')}" for name, value in scores.items() if name != "loss"}
    return "  ".join(f"{_NAMES.get(name, name)} {text}" for name, text in shown.items())


def label_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return precision, recall, F1 and count of each label as a table."""
    wide = max([width(say("label")), *(width(row["label"]) for row in rows)])
    heading = [say("precision"), say("recall"), "F1", say("texts")]
    lines = [f"  {padded(say('label'), wide)}  " + "  ".join(_right(each, 9) for each in heading)]
    for row in rows:
        cells = [f"{row[name]:.3f}" for name in ("precision", "recall", "f1")] + [f"{row['count']:,}"]
        lines.append(f"  {padded(row['label'], wide)}  " + "  ".join(_right(each, 9) for each in cells))
    return "\n".join(lines)


def _right(text: str, columns: int) -> str:
    return " " * (columns - width(text)) + text
