"""Files with columns: JSON lines, CSV and tab-separated values."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from torso.errors import FileFormatError, InputError

_FIELD_LIMIT = 64 << 20  # characters of one field: a quotation mark that is never closed must not fill the memory
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def is_table(name: str) -> bool:
    """Whether a file of that name has columns."""
    return name.lower().endswith((".jsonl", ".ndjson", *_DELIMITERS))


def rows(source: BinaryIO, lines: Iterable[str], name: str, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """The named columns of each row.

    Args:
        source: the file, for CSV and TSV, whose fields may hold line ends.
        lines: its lines, for JSON.
        name: what messages call it; its ending tells the form, and JSON lines are what else there could be.
        columns: their names.

    Raises:
        FileFormatError: E_TEXT for a line that is no row.
        InputError: E_COLUMN for a column that is not there.
    """
    delimiter = next((mark for ending, mark in _DELIMITERS.items() if name.lower().endswith(ending)), None)
    table = _json_rows(lines, name) if delimiter is None else _csv_rows(source, name, delimiter)
    for number, row in table:
        yield tuple(_cell(row, column, number, name) for column in columns)


def _cell(row: Mapping[str, object], column: str, number: int, name: str) -> object:
    if column not in row:
        raise InputError(
            "E_COLUMN",
            "Line {number} of {file} has no column {column}.",
            cure="It has: {known}.",
            values=dict(number=number, file=name, column=repr(column), known=", ".join(map(repr, row)) or "-"),
        )
    return row[column]


def _json_rows(lines: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except (ValueError, RecursionError):  # the decoder recurses as deep as lists are nested
            row = None
        if not isinstance(row, dict):
            raise FileFormatError(
                "E_TEXT",
                "Line {number} of {file} is no JSON object.",
                cure='Write one object a line: {{"text": "..."}}',
                values=dict(number=number, file=name),
            )
        yield number, cast("dict[str, object]", row)


def _csv_rows(source: BinaryIO, name: str, delimiter: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    csv.field_size_limit(min(_FIELD_LIMIT, sys.maxsize))
    with io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            header = next(reader, list[str]())
            for cells in reader:
                if len(cells) > len(header):
                    raise FileFormatError(
                        "E_TEXT",
                        "Line {number} of {file} has {found} fields; the first line names {count}.",
                        cure='Put a field that holds the mark between fields in quotes: "a, b".',
                        values=dict(number=reader.line_num, file=name, found=len(cells), count=len(header)),
                    )
                if cells:
                    yield reader.line_num, dict(zip(header, cells, strict=False))
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileFormatError(
                "E_TEXT",
                "{file} cannot be read as a table, after line {number}: {reason}.",
                cure="Save it as UTF-8, with the same mark between fields on every line.",
                values=dict(file=name, number=reader.line_num, reason=error),
            ) from None
