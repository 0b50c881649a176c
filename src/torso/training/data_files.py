"""Rows of training data: tables in files, folders by class, `datasets` objects, lists. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from torso.errors import FileFormatError, InputTypeError, NotFoundError
from torso.io.file_forms import refuse_name
from torso.io.files import open_regular, read_bytes
from torso.io.optional_packages import optional_module
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.io.table_rows import numbered_rows
from torso.io.text_file import check_encoding, whole_text

Cells = Mapping[str, Any]
Data = str | os.PathLike[str] | Sequence[Cells] | Iterable[Cells] | Any
"""Training data: a file, a folder with one folder per class, a `datasets.Dataset`, a pandas frame, or rows as dicts."""

FIELD_LIMIT = 64 << 20  # bytes of one text, where each has a file of its own
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
        FileFormatError: ``E_TEXT`` for a line that is no row, ``E_TABLE`` for a file that is no table, ``E_FORM`` for
            one of another program, such as a workbook.
        InputError: ``E_COLUMN`` for a column that is named twice, ``E_ARGUMENT`` for an unknown encoding.
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
    refuse_name(name, reads=ENDINGS)
    if ending not in ENDINGS:
        raise FileFormatError(
            "E_TABLE",
            "{file} ends in {ending}: its form is not known.",
            cure="Rename it after its form: {endings}.",
            values=dict(file=name, ending=ending or "-", endings=", ".join(ENDINGS)),
        )
    check_encoding(encoding)
    with open_regular(path) as (descriptor, _), open(descriptor, "rb", closefd=False) as file:
        if ending == ".json":
            text = whole_text(file, name, encoding)
            if not _is_lines(text):
                return _json(text, name)
            found = list(numbered_rows(BytesIO(text.encode()), name))
        else:
            found = list(numbered_rows(file, name, encoding=encoding))
    rows = [row for _, row in found]
    return Table(name, _columns(rows), rows, [number for number, _ in found])


def _table_error(name: str, reason: str) -> FileFormatError:
    return FileFormatError(
        "E_TABLE",
        "{file} cannot be read: {reason}.",
        cure='Write a list of objects: [{{"text": "...", "label": "..."}}].',
        values=dict(file=name, reason=reason),
    )


def _is_lines(text: str) -> bool:
    """Return whether a .json file holds one object a line, as many writers name such files too."""
    first, end, rest = text.partition("\n")
    if not end or not rest.strip():
        return False
    try:
        return isinstance(decode_json(first, strict=False), dict)
    except ValueError:
        return False


def _json(text: str, name: str) -> Table:
    try:
        value = decode_json(text, strict=False)
    except ValueError as error:
        raise _table_error(name, f"it is no JSON: {error}") from None
    if isinstance(value, dict):
        # {"data": [...]}, as many files of questions are.
        lists: list[object] = [each for each in cast("dict[str, object]", value).values() if isinstance(each, list)]
        value = lists[0] if len(lists) == 1 else cast("object", value)
    if not isinstance(value, list):
        raise _table_error(name, "it is no list of objects")
    rows = [_object(each, name, number) for number, each in enumerate(cast("list[object]", value), 1)]
    return Table(name, _columns(rows), rows, range(1, len(rows) + 1))


def _object(value: object, name: str, number: int) -> Cells:
    if not isinstance(value, dict):
        raise _table_error(name, f"row {number} is no JSON object")
    return cast("Cells", value)


def _columns(rows: Iterable[Cells]) -> tuple[str, ...]:
    """Return the names of columns; a column without one is an index, as pandas writes it before the others."""
    return tuple(dict.fromkeys(name for row in rows for name in row if name != ""))


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
            text = whole_text(BytesIO(read_bytes(file, limit=FIELD_LIMIT)), shown(file), encoding)
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
