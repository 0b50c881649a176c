"""Texts of a command: its arguments, a file's lines, or a pipe's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import click

from torso.cli.encodings import named
from torso.errors import AccessError, InputError, InputTypeError, NotFoundError
from torso.io.file_forms import refuse_name
from torso.io.paths import shown
from torso.io.table_rows import is_table, rows
from torso.io.text_file import lines_of
from torso.language import say


def texts_of(arguments: Sequence[str], file: str | None, columns: Sequence[str] = ()) -> list[Any] | Iterator[Any]:
    """Return a command's texts: a list of arguments, or an iterator over lines or rows, read lazily.

    Args:
        arguments: texts of the command line.
        file: path of a file with one text per line, or of a table; ``-`` for standard input.
        columns: of a table; two for pairs.

    Raises:
        InputError: E_ARGUMENT for arguments and a file at once, columns of what has none, or more than two; E_COLUMN
            for a table without columns named.
        NotFoundError, AccessError: E_MISSING_FILE, E_ACCESS for a file that cannot be read.
        FileFormatError: E_FORM for a file that is no text, such as a workbook.
        UsageError: if there is no text, and no pipe to read it from.
    """
    if len(columns) > 2:
        raise InputError(
            "E_ARGUMENT",
            "{count} columns are named; a text is one, and a pair of texts two.",
            cure="Name one or two: --column text",
            values=dict(count=len(columns)),
        )
    rows = rows_of(arguments, file, columns)
    if isinstance(rows, list):
        return rows
    return (_text_of(row, number) for number, row in enumerate(rows, 1))


def rows_of(
    arguments: Sequence[str], file: str | None, columns: Sequence[str]
) -> list[str] | Iterator[str | tuple[object, ...]]:
    """Return as `texts_of`, with the cells of a table left as they are: lists, numbers."""
    if arguments and file:
        raise InputError(
            "E_ARGUMENT",
            "Texts are given twice: as arguments, and with --file {file}.",
            cure="Leave one of them out.",
            values=dict(file=shown(file)),
        )
    if arguments:
        for option, given in (("--column", columns), ("--encoding", named())):
            if given:
                raise no_effect(option, "--file")
        return list(arguments)
    if file and file != "-":
        _require_fit(shown(file), columns)
        return _contents(_opened(file), shown(file), columns)
    if file is None and (sys.stdin is None or sys.stdin.isatty()):  # pyright: ignore[reportUnnecessaryComparison] - it is None without a console
        raise click.UsageError(
            say("No text is given: write it as an argument, name a file of lines with --file, or pipe lines in."),
            click.get_current_context(),
        )
    return _contents(sys.stdin.buffer, "-", columns)


def _require_fit(name: str, columns: Sequence[str]) -> None:
    """Refuse a file of another form, a table without a column named, and a column of what is no table."""
    refuse_name(name)
    if not columns and is_table(name):
        raise InputError(
            "E_COLUMN",
            "{file} has columns, and none is named.",
            cure="Name the one that holds the text: --column text",
            values=dict(file=name),
        )
    if columns and not is_table(name):
        raise InputError(
            "E_ARGUMENT",
            "{file} has no columns: --column is for .jsonl, .json, .csv and .tsv.",
            cure="Leave --column out, or rename the file after its form.",
            values=dict(file=name),
        )


def _contents(source: BinaryIO, name: str, columns: Sequence[str]) -> Iterator[str | tuple[object, ...]]:
    found = rows(source, name, columns, named()) if columns else lines_of(source, name, named())
    first = next(found, None)
    if first is None:
        click.echo(say("There is no text in {file}.", dict(file=name)), err=True)
        return
    yield first
    yield from found


def no_effect(option: str, needed: str) -> InputError:
    """Return the error of an option that would change nothing without another."""
    return InputError(
        "E_ARGUMENT",
        "{name} would have no effect here.",
        cure="Add {needed}, or leave {name} out.",
        values=dict(name=option, needed=needed),
    )


def _text_of(row: str | tuple[object, ...], number: int) -> object:
    if isinstance(row, str):
        return row
    for cell in row:
        if not isinstance(cell, str):
            raise InputTypeError(
                "E_TEXT",
                "Row {number} holds {kind} where a text is wanted.",
                cure="Name another column, or make it a string.",
                values=dict(number=number, kind=type(cell).__name__),
            )
    return row[0] if len(row) == 1 else row


def _opened(file: str) -> BinaryIO:
    try:
        return open(file, "rb")
    except FileNotFoundError:
        raise NotFoundError(
            "E_MISSING_FILE",
            "There is no file {file}.",
            cure="Correct the path; the file holds one text per line, in UTF-8.",
            values=dict(file=shown(file)),
        ) from None
    except OSError as error:
        raise AccessError(
            "E_ACCESS",
            "{path} cannot be read: {reason}.",
            cure="Check the path and its permissions.",
            values=dict(path=shown(file), reason=os.strerror(error.errno or 0)),
        ) from None
