"""Predictions as comma-separated values on standard output."""

from __future__ import annotations

import csv
import io

import click

from torso.language import say


class Sheet:
    """Rows under a header, which is printed at once."""

    def __init__(self, *columns: str) -> None:
        self.write(*columns)

    def write(self, *cells: object) -> None:
        """Print a row; numbers as short as they can be read back from."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        click.echo(line.getvalue(), nl=False)


def sheet(as_csv: bool, as_json: bool, *columns: str) -> Sheet | None:
    """Return a sheet where one was asked for.

    Raises:
        UsageError: for both forms at once.
    """
    if as_csv and as_json:
        raise click.UsageError(say("--json and --csv cannot be used together."), click.get_current_context())
    return Sheet(*columns) if as_csv else None
