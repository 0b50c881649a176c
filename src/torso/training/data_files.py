"""Rows of training data: tables in files, folders by class, `datasets` objects, lists. Loads no torch."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from torso.errors import FileFormatError, InputError, InputTypeError, NotFoundError
from torso.io.files import read_bytes
from torso.io.optional_packages import optional_module
from torso.io.paths import shown
from torso.io.strict_json import decode_json

Cells = Mapping[str, Any]
Data = str | os.PathLike[str] | Sequence[Cells] | Iterable[Cells] | Any
"""Training data: a file, a folder with one folder per class, a `datasets.Dataset`, a pandas frame, or rows as dicts."""

LIMIT = 16 << 30  # bytes of one file
FIELD_LIMIT = 64 << 20  # characters of one field: a quotation mark that is never closed must not fill the memory
ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of data.

    Attributes:
        name: what messages call it.
        columns: names of the columns, in order.
        rows: the cells of each row, by column.
        lines: line in the file of each row, or its number from 1.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Cells]
    lines: Sequence[int]


def read_table(data: Data, *, encoding: str | None = None) -> Table:
    """Read data into rows.

    Args:
        data: see `Data`.
        encoding: of a text file; None for UTF-8.

    Raises:
        NotFoundError, AccessError: the file is not there or may not be read.
        FileFormatError: ``E_TABLE``, naming file and line.
        InputTypeError: ``E_DATA``, for what is no data.
    """
    is_path = isinstance(data, (str, os.PathLike))
    table = _from_path(Path(cast("str", data)), encoding) if is_path else _from_object(data)
    if not table.rows:
        raise FileFormatError(
            "E_TABLE",
            "There is no row in {name}.",
            cure="Name a file with a line of column names and one line per text.",
            values=dict(name=table.name),
        )
    return table


def _from_path(path: Path, encoding: str | None) -> Table:
    name = shown(path)
    if path.is_dir():
        return _classes(path, name, encoding)
    if not path.exists():
        raise NotFoundError(
            "E_MISSING_FILE",
            "There is no file {file}.",
            cure="Correct the path; data is {endings}, or a folder with one folder per class.",
            values=dict(file=name, endings=", ".join(ENDINGS)),
        )
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _parquet(path, name)
    if ending not in ENDINGS:
        raise FileFormatError(
            "E_TABLE",
            "{file} ends in {ending}: its form is not known.",
            cure="Rename it after its form: {endings}.",
            values=dict(file=name, ending=ending or "-", endings=", ".join(ENDINGS)),
        )
    text = decoded(read_bytes(path, limit=LIMIT), name, encoding)
    if ending in (".csv", ".tsv"):
        return _separated(text, name, "\t" if ending == ".tsv" else None)
    return _json_lines(text, name) if ending in (".jsonl", ".ndjson") else _json(text, name)


def decoded(data: bytes, name: str, encoding: str | None) -> str:
    """Decode a file's bytes.

    Raises:
        FileFormatError: ``E_TABLE``, naming the line and, where it can be told, the encoding that they are of.
    """
    marked = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding or marked)
    except (UnicodeDecodeError, LookupError) as error:
        if isinstance(error, LookupError):
            raise InputError(
                "E_ARGUMENT",
                "There is no encoding {name}.",
                cure="Use utf-8, gb18030, utf-16, big5, shift_jis or another one of Python's.",
                values=dict(name=repr(str(encoding)[:60])),
            ) from None
        raise FileFormatError(
            "E_TABLE",
            "Line {number} of {file} is not {encoding}: byte {byte}.",
            cure="It reads as the Chinese encoding of Windows and Excel: --encoding gb18030"
            if _is_gb18030(data)
            else "Name its encoding, such as --encoding gb18030, or save it as UTF-8.",
            values=dict(
                number=data.count(b"\n", 0, error.start) + 1,
                file=name,
                encoding=(encoding or "UTF-8").upper(),
                byte=f"0x{data[error.start]:02x}",
            ),
        ) from None


def _is_gb18030(data: bytes) -> bool:
    try:
        return any("\u4e00" <= mark <= "\u9fff" for mark in data.decode("gb18030"))
    except UnicodeDecodeError:
        return False


def _separated(text: str, name: str, delimiter: str | None) -> Table:
    csv.field_size_limit(FIELD_LIMIT)
    first = text[: text.find("\n") if "\n" in text else len(text)]
    if delimiter is None:
        if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own first line
            delimiter, text = first.strip()[4], text[len(first) + 1 :]
        else:
            # Excel writes semicolons where a comma is the decimal mark.
            delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    quoting = csv.QUOTE_MINIMAL if delimiter != "\t" or first.lstrip().startswith('"') else csv.QUOTE_NONE
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, quoting=quoting, strict=True)
    rows: list[Cells] = []
    lines: list[int] = []
    try:
        header = [each.strip() for each in next(reader, list[str]())]
        if len(set(header)) != len(header) or not all(header):
            raise _table_error(name, 1, "its first line names a column twice, or not at all")
        for cells in reader:
            if len(cells) != len(header) and cells:
                raise _table_error(name, reader.line_num, f"{len(cells)} fields; the first line names {len(header)}")
            if cells:
                rows.append(dict(zip(header, cells, strict=True)))
                lines.append(reader.line_num)
    except csv.Error as error:
        raise _table_error(name, reader.line_num, str(error)) from None
    return Table(name, tuple(header), rows, lines)


def _table_error(name: str, line: int, reason: str) -> FileFormatError:
    return FileFormatError(
        "E_TABLE",
        "Line {line} of {file} cannot be read: {reason}.",
        cure="Correct that line; a field that holds the mark between fields, or a line end, goes into quotes.",
        values=dict(file=name, line=line, reason=reason),
    )


def _json_lines(text: str, name: str) -> Table:
    rows: list[Cells] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            rows.append(_object(_parsed_line(line, name, number), name, number))
            lines.append(number)
    return Table(name, _columns(rows), rows, lines)


def _json(text: str, name: str) -> Table:
    value = _parsed(text, name, 1)
    if isinstance(value, dict):
        # {"data": [...]}, as many files of questions are.
        lists: list[object] = [each for each in cast("dict[str, object]", value).values() if isinstance(each, list)]
        value = lists[0] if len(lists) == 1 else cast("object", value)
    if not isinstance(value, list):
        raise _table_error(name, 1, "it is no list of objects")
    rows = [_object(each, name, number) for number, each in enumerate(cast("list[object]", value), 1)]
    return Table(name, _columns(rows), rows, range(1, len(rows) + 1))


def _parsed_line(text: str, name: str, line: int) -> object:
    try:
        return decode_json(text, strict=False)
    except ValueError as error:
        raise _table_error(name, line, f"it is no JSON ({error})") from None


def _parsed(text: str, name: str, line: int) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _table_error(name, line, "it is no JSON") from None


def _object(value: object, name: str, line: int) -> Cells:
    if not isinstance(value, dict):
        raise _table_error(name, line, "it is no JSON object")
    return cast("Cells", value)


def _columns(rows: Iterable[Cells]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _parquet(path: Path, name: str) -> Table:
    parquet = optional("pyarrow.parquet")
    try:
        rows: list[Cells] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise FileFormatError(
            "E_TABLE",
            "{file} is no Parquet file: {reason}.",
            cure="Write it again, or save the table as .csv.",
            values=dict(file=name, reason=str(error).splitlines()[0]),
        ) from None
    return Table(name, _columns(rows), rows, range(1, len(rows) + 1))


def optional(module: str) -> Any:
    """Import a module of the extra ``train``.

    Raises:
        MissingPackageError: ``E_EXTRA``, with the command that installs it.
    """
    return optional_module(module, "train")


def _classes(folder: Path, name: str, encoding: str | None) -> Table:
    """Read a folder with one folder per class, each with one text per file."""
    rows: list[Cells] = []
    for kind in sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")):
        for file in sorted(each for each in kind.iterdir() if each.is_file() and not each.name.startswith(".")):
            text = decoded(read_bytes(file, limit=FIELD_LIMIT), shown(file), encoding)
            rows.append({"text": text.strip(), "label": kind.name, "file": shown(file)})
    return Table(name, ("text", "label"), rows, range(1, len(rows) + 1))


def _from_object(data: Any) -> Table:
    kind = type(data).__name__
    if isinstance(data, Mapping):
        raise _no_data(kind)
    columns = getattr(data, "column_names", None)
    make: Callable[[], list[Any]] | None = getattr(data, "to_list", None) if columns else None
    if make is None and callable(getattr(data, "to_dict", None)) and hasattr(data, "columns"):
        return _listed(cast("list[Any]", data.to_dict("records")), kind)
    if make is not None:
        return _listed(make(), kind)
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise _no_data(kind)
    return _listed(list(cast("Iterable[Any]", data)), kind)


def _listed(rows: list[Any], kind: str) -> Table:
    for each in _wrong(rows):
        raise _no_data(f"{kind} of {type(each).__name__}")
    return Table(kind, _columns(rows), rows, range(1, len(rows) + 1))


def _wrong(rows: Iterable[Any]) -> Iterator[Any]:
    return (each for each in rows if not isinstance(each, Mapping))


def _no_data(kind: str) -> InputTypeError:
    return InputTypeError(
        "E_DATA",
        "The data is {kind}.",
        cure='Pass a file, a folder, a datasets.Dataset, or a list of rows: [{{"text": "...", "label": "..."}}].',
        values=dict(kind=kind),
    )
