"""Predictions as comma-separated values on standard output."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator
from contextlib import contextmanager

import click

from torso.language import say


class Sheet:
    """Rows under a header, which is printed before the first: an error before it leaves no file that looks whole."""

    def __init__(self, *columns: str) -> None:
        self._header: tuple[str, ...] = columns

    def write(self, *cells: object) -> None:
        """Print a row; numbers as short as they can be read back from."""
        self.finish()
        self._print(cells)

    def finish(self) -> None:
        """Print the header, if it is not there."""
        header, self._header = self._header, ()
        if header:
            self._print(header)

    @staticmethod
    def _print(cells: tuple[object, ...]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        click.echo(line.getvalue(), nl=False)


def sheet(as_csv: bool, as_json: bool, *columns: str) -> Sheet | None:
    """Return a sheet where one was asked for; a command that ends without an error has a header in any case.

    Raises:
        UsageError: for both forms at once.
    """
    if as_csv and as_json:
        raise click.UsageError(say("--json and --csv cannot be used together."), click.get_current_context())
    return click.get_current_context().with_resource(_finished(Sheet(*columns))) if as_csv else None


@contextmanager
def _finished(made: Sheet) -> Generator[Sheet]:
    yield made
    made.finish()
