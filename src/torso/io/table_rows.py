"""Files with columns: JSON lines, comma-separated and tab-separated values."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import BinaryIO, cast

from torso.errors import FileFormatError, InputError
from torso.io.strict_json import decode_json
from torso.io.text_file import as_text, lines_of, undecoded

_FIELD_LIMIT = 64 << 20  # characters of one field: a quotation mark that is never closed must not fill the memory
_ENDINGS = (".csv", ".tsv")


def is_table(name: str) -> bool:
    """Return whether a file of that name has columns."""
    return name.lower().endswith((".jsonl", ".ndjson", ".json", *_ENDINGS))


def rows(
    source: BinaryIO, name: str, columns: Sequence[str], encoding: str | None = None
) -> Iterator[tuple[object, ...]]:
    """Return the named columns of each row.

    Args:
        source: the file.
        name: what messages call it; its ending decides the format, and JSON lines are what else there could be.
        columns: their names.
        encoding: of the file; None for that of its byte order mark, or UTF-8.

    Raises:
        FileFormatError: E_TEXT for a line that is no row.
        InputError: E_COLUMN for a column that is not there, or there twice.
    """
    for number, row in numbered_rows(source, name, columns, encoding):
        yield tuple(_cell(row, column, number, name) for column in columns)


def numbered_rows(
    source: BinaryIO, name: str, columns: Sequence[str] | None = None, encoding: str | None = None
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Return every row with the number of its line, the last where a field holds line ends.

    Args:
        source: the file.
        name: as for `rows`.
        columns: those that the first line of a .csv or .tsv must name, each once; None for all that it names.
        encoding: as for `rows`.

    Raises:
        FileFormatError: E_TEXT for a line that is no row.
        InputError: E_COLUMN for a column that is not there, or there twice.
    """
    lower = name.lower()
    if lower.endswith(".csv"):
        return _csv_rows(source, name, columns, encoding)
    if lower.endswith(".tsv"):
        return _tsv_rows(source, name, columns, encoding)
    return _json_rows(source, name, encoding)


def _cell(row: Mapping[str, object], column: str, number: int, name: str) -> object:
    if column not in row:
        raise InputError(
            "E_COLUMN",
            "Line {number} of {file} has no column {column}.",
            cure="It has: {known}.",
            values=dict(number=number, file=name, column=repr(column), known=", ".join(map(repr, row)) or "-"),
        )
    return row[column]


# -- JSON lines --------------------------------------------------------------------------------------------------------


def _json_rows(source: BinaryIO, name: str, encoding: str | None) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(lines_of(source, name, encoding), 1):
        if not line.strip():
            continue
        try:
            row = decode_json(line, strict=False, pairs=_Pairs)
        except ValueError as error:
            raise FileFormatError(
                "E_TEXT",
                "Line {number} of {file} is no JSON: {reason}.",
                cure='Write one object a line: {{"text": "..."}}; give a .csv by its path, --file FILE.csv.'
                if name == "-"
                else 'Write one object a line: {{"text": "..."}}',
                values=dict(number=number, file=name, reason=error),
            ) from None
        if not isinstance(row, _Pairs):
            raise FileFormatError(
                "E_TEXT",
                "Line {number} of {file} is no JSON object.",
                cure='Write one object a line: {{"text": "..."}}',
                values=dict(number=number, file=name),
            )
        if row.repeated is not None:
            raise _repeated(row.repeated, number, name)
        yield number, row


class _Pairs(dict[str, object]):
    """A JSON object that knows a key which it holds twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated = _first_repeated([key for key, _ in pairs]) if len(self) != len(pairs) else None


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _repeated(column: str, number: int, name: str) -> InputError:
    return InputError(
        "E_COLUMN",
        "Line {number} of {file} names the column {column} twice, so it could mean either.",
        cure="Rename one of them.",
        values=dict(number=number, file=name, column=repr(column)),
    )


# -- separated values --------------------------------------------------------------------------------------------------


def _csv_rows(
    source: BinaryIO, name: str, columns: Sequence[str] | None, encoding: str | None
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Return rows whose fields may be in quotes, and then hold line ends; between them what the first line has."""
    with as_text(source, "", name, encoding) as text:
        try:
            first = text.readline(_FIELD_LIMIT)
        except UnicodeDecodeError as error:
            raise undecoded(error, 0, name) from None
        said = first.strip("\r\n")
        if said.lower().startswith("sep=") and len(said) == 5:  # Excel's own first line
            yield from _quoted(text, said[4], name, columns, before=1)
            return
        # Excel writes semicolons where a comma is the decimal mark.
        between = re.sub(r'"[^"]*"', "", first)
        delimiter = next((mark for mark in ",;\t" if mark in between), ",")
        yield from _quoted(chain([first], text), delimiter, name, columns)


def _tsv_rows(
    source: BinaryIO, name: str, columns: Sequence[str] | None, encoding: str | None
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Parse rows of one line each. A leading quotation mark is a part of the field's text, as most writers mean
    it. Where every field of the first line is in quotes, the file was written with them, and is read so.
    """
    lines = lines_of(source, name, encoding)
    first = next(lines, "")
    header = _header(first.split("\t"))
    if all(len(each) > 1 and each.startswith('"') and each.endswith('"') for each in header):
        yield from _quoted((line + "\n" for line in chain([first], lines)), "\t", name, columns)
        return
    _check_header(header, name, columns)
    for number, line in enumerate(lines, 2):
        if line:
            yield number, _row(header, [_plain(field) for field in line.split("\t")], number, name)


def _plain(field: str) -> str:
    """Return a field as its text: only where quotes within it are doubled was it written in quotes."""
    inner = field[1:-1]
    if len(field) > 3 and field[0] == field[-1] == '"' and '""' in inner and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return field


def _quoted(
    lines: Iterable[str], delimiter: str, name: str, columns: Sequence[str] | None, *, before: int = 0
) -> Iterator[tuple[int, Mapping[str, object]]]:
    csv.field_size_limit(min(_FIELD_LIMIT, sys.maxsize))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = _header(next(reader, list[str]()))
        _check_header(header, name, columns)
        for cells in reader:
            if cells:
                yield before + reader.line_num, _row(header, cells, before + reader.line_num, name)
    except UnicodeDecodeError as error:
        raise undecoded(error, before + reader.line_num, name) from None
    except csv.Error as error:
        unclosed = str(error) == "unexpected end of data"
        raise FileFormatError(
            "E_TEXT",
            "{file} cannot be read as a table, after line {number}: {reason}.",
            cure='A quotation mark is never closed: write one within a field twice, "say ""hi"" now".'
            if unclosed
            else "Save it as UTF-8, with the same mark between fields on every line.",
            values=dict(file=name, number=before + reader.line_num, reason=error),
        ) from None


def _header(names: Sequence[str]) -> list[str]:
    return [each.strip() for each in names]


def _check_header(header: Sequence[str], name: str, columns: Sequence[str] | None) -> None:
    columns = header if columns is None else columns
    twice = _first_repeated(each for each in header if each in columns)
    if twice is not None:
        raise _repeated(twice, 1, name)
    known = dict.fromkeys(header, "")
    for column in columns:
        _cell(known, column, 1, name)


def _row(header: Sequence[str], cells: Sequence[str], number: int, name: str) -> Mapping[str, object]:
    if len(cells) != len(header):
        more = len(cells) > len(header)
        raise FileFormatError(
            "E_TEXT",
            "Line {number} of {file} has {found} fields; the first line names {count}.",
            cure='Put a field that holds the mark between fields in quotes: "a, b".'
            if more
            else "Write the missing fields, empty ones too; a text with a line end goes into quotes in a .csv.",
            values=dict(number=number, file=name, found=len(cells), count=len(header)),
        )
    return dict(cast("Iterable[tuple[str, object]]", zip(header, cells, strict=True)))
