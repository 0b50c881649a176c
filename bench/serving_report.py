"""Results of a comparison of servers: printed as they come, held to their bars, saved, and shown as a table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Side = Literal["<=", ">="]


@dataclass(frozen=True)
class Row:
    """One result.

    Attributes:
        what: was measured.
        value: of it; None where it was not measured.
        side: on which side of the bar it must be.
        bar: None for a figure without one.
        why: it was not measured.
    """

    what: str
    value: float | None
    side: Side = "<="
    bar: float | None = None
    why: str = ""

    @property
    def verdict(self) -> str:
        """Whether its bar is met."""
        if self.value is None:
            return "not measured"
        if self.bar is None:
            return ""
        return "met" if (self.value <= self.bar if self.side == "<=" else self.value >= self.bar) else "MISSED"

    def line(self) -> str:
        """The row as text."""
        value = f"{self.value:>10.3f}" if self.value is not None else f"{'-':>10}"
        bar = f"{self.side} {self.bar:g}" if self.bar is not None else ""
        return f"{self.what:<66} {value}   {bar:<10} {self.verdict}{f' ({self.why})' if self.why else ''}".rstrip()


class Report:
    """Rows of results, within a limit of time.

    Args:
        minutes: for all of it.
    """

    def __init__(self, minutes: float) -> None:
        self.rows: list[Row] = []
        self._begun = time.monotonic()
        self._end = self._begun + minutes * 60

    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.monotonic()

    def add(self, what: str, value: float | None, side: Side = "<=", bar: float | None = None, why: str = "") -> None:
        """Note a result and print it."""
        self.rows.append(Row(what, value, side, bar, why))
        print(self.rows[-1].line(), flush=True)

    def attempt(self, what: str, seconds: float, work: Callable[[], None]) -> None:
        """Measure something if the time for it is left; a failure is a row, and the rest goes on."""
        if self.left() < seconds:
            self.add(what, None, why="no time left")
            return
        try:
            work()
        except Exception as error:
            self.add(what, None, why=repr(error)[:200])

    def end(self, path: Path | None, **about: object) -> None:
        """Print the rows that have bars once more, and save all of them."""
        print(f"\n{(time.monotonic() - self._begun) / 60:.1f} minutes")
        judged = [row for row in self.rows if row.verdict]
        for row in judged:
            print(row.line())
        print(", ".join(f"{sum(r.verdict == v for r in judged)} {v}" for v in ("met", "MISSED", "not measured")))
        if path is not None:
            rows = [asdict(row) | {"verdict": row.verdict} for row in self.rows]
            path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")
