"""Input tables of a batch job: their identity, their slices, and reading one slice."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torso.errors import FileFormatError, InputError, NotFoundError, TorsoError
from torso.io.paths import shown
from torso.scale.arrow import arrow
from torso.scale.json_rows import json_rows
from torso.scale.storage import file_hash, storage_of, suffix

ENDINGS = (".parquet", ".jsonl", ".ndjson")
_WHOLE = 64 << 20  # bytes up to which the contents of JSON lines are hashed
_SAMPLE = 2_000  # lines from which the types of kept columns are inferred
_FOOTER = 8  # bytes: length of the metadata, and the magic number


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input table.

    Attributes:
        path: as it was named or found.
        identity: of its contents: of Parquet the size and the hash of the footer, which holds sizes and statistics of
            every column; of JSON lines the hash of the contents, or beyond 64 MiB size and time of change.
        rows: their number.
    """

    path: str
    identity: str
    rows: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive rows of one input table, which become one output file.

    Attributes:
        number: its place in the job, from 0.
        path: of the input table.
        identity: of the input table.
        first: the first row.
        rows: their number.
        offset: byte at which JSON lines begin; 0 for Parquet.
    """

    number: int
    path: str
    identity: str
    first: int
    rows: int
    offset: int

    def name(self, fingerprint: str) -> str:
        """Return the name of the output file: place, and a hash of what decides its contents."""
        text = f"{fingerprint}\0{self.identity}\0{self.first}\0{self.rows}"
        return f"part-{self.number:05d}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.parquet"


def input_paths(sources: Sequence[str]) -> list[str]:
    """Return the tables that files, folders and patterns name, sorted by path, each once.

    Raises:
        NotFoundError: E_MISSING_FILE for a source that names none.
        InputError: E_SUFFIX for a file that is no table.
    """
    found: set[str] = set()
    for source in sources:
        here = storage_of(source).find(source)
        tables = [each for each in here if suffix(each) in ENDINGS]
        here = tables or here[:1]
        if not here:
            raise NotFoundError(
                "E_MISSING_FILE",
                "{source} names no table.",
                cure="Name files, folders or patterns of them: {endings}",
                values=dict(source=shown(source), endings=", ".join(f"*{each}" for each in ENDINGS)),
            )
        for each in here:
            if suffix(each) not in ENDINGS:
                raise InputError(
                    "E_SUFFIX",
                    "{file} is no table that a batch job reads.",
                    cure="Batch jobs read {endings}.",
                    values=dict(file=shown(each), endings=", ".join(ENDINGS)),
                )
        found.update(here)
    return sorted(found)


def identity_of(path: str) -> str:
    """Return the identity of a table's contents; see `InputFile`.

    Raises:
        FileFormatError: E_TEXT for a file that ends without the marks of Parquet.
    """
    storage = storage_of(path)
    size = storage.size(path)
    if suffix(path) != ".parquet":
        return file_hash(path) if size <= _WHOLE else storage.version(path)
    with storage.open(path) as file:
        file.seek(max(0, size - _FOOTER))
        tail = file.read(_FOOTER)
        length = int.from_bytes(tail[:4], "little")
        if size < 12 or tail[4:] != b"PAR1" or length + 12 > size:
            raise _not_parquet(path)
        file.seek(size - _FOOTER - length)
        return f"{size}-{hashlib.sha256(file.read(length)).hexdigest()}"


def _not_parquet(path: str, reason: object = "") -> FileFormatError:
    return FileFormatError(
        "E_TEXT",
        "{file} is not a whole Parquet file. {reason}",
        cure="Write it again, or leave it out of the job.",
        values=dict(file=shown(path), reason=reason),
    )


def slices_of(path: str, rows: int, first_number: int) -> tuple[InputFile, list[Slice]]:
    """Return a table and its slices: row groups of Parquet are cut after ``rows`` rows, and joined where they fit.

    Raises:
        FileFormatError: E_TEXT.
    """
    identity = identity_of(path)
    spans = list(_parquet_spans(path, rows) if suffix(path) == ".parquet" else _line_spans(path, rows))
    slices = [
        Slice(first_number + place, path, identity, first, count, offset)
        for place, (first, count, offset) in enumerate(spans)
    ]
    return InputFile(path, identity, sum(each.rows for each in slices)), slices


def _parquet_spans(path: str, rows: int) -> Iterator[tuple[int, int, int]]:
    with _parquet(path) as file:
        metadata = file.metadata
    first = 0
    pending = 0
    for group in range(metadata.num_row_groups):
        size = metadata.row_group(group).num_rows
        if pending and pending + size > rows:
            yield first, pending, 0
            first, pending = first + pending, 0
        pending += size
        while pending >= rows:
            yield first, rows, 0
            first, pending = first + rows, pending - rows
    if pending:
        yield first, pending, 0


@contextmanager
def _parquet(path: str) -> Generator[Any]:
    """A `pyarrow.parquet.ParquetFile`; what goes wrong while it is read is an error of torso's."""
    pa, pq = arrow(), arrow("parquet")

    with storage_of(path).open(path) as file:
        try:
            yield pq.ParquetFile(file)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: what a broken footer raises
            if isinstance(error, TorsoError):
                raise
            raise _not_parquet(path, error) from None


def _line_spans(path: str, rows: int) -> Iterator[tuple[int, int, int]]:
    first = count = offset = position = 0
    with storage_of(path).open(path) as file:
        for line in file:
            if line.strip():
                if not count:
                    offset = position
                count += 1
            position += len(line)
            if count == rows:
                yield first, count, offset
                first, count = first + count, 0
    if count:
        yield first, count, offset


def columns_of(path: str, keep: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """Return the Arrow types of the columns to keep, serialized as text.

    Raises:
        InputError: E_COLUMN for a column that the table lacks.
    """
    pa = arrow()
    if suffix(path) == ".parquet":
        with _parquet(path) as file:
            schema = file.schema_arrow
        names: list[str] = list(schema.names)
        types = {name: schema.field(name).type for name in keep if name in names}
    else:
        head = list(json_rows(path, 0, _SAMPLE, 0))
        names = list(dict.fromkeys(name for row in head for name in row))
        types = {name: _typed([row.get(name) for row in head], None, name, path, 0).type for name in keep}
    for name in (*read, *keep):
        if name not in names:
            raise InputError(
                "E_COLUMN",
                "{file} has no column {column}.",
                cure="It has: {known}.",
                values=dict(file=shown(path), column=repr(name), known=", ".join(names) or "-"),
            )
    return {name: pa.schema([(name, each)]).serialize().to_pybytes().hex() for name, each in types.items()}


def read_slice(each: Slice, columns: Iterable[str], types: dict[str, str]) -> Any:
    """Return the rows of a slice as a `pyarrow.Table` of the named columns.

    Raises:
        FileFormatError: E_TEXT for a line that is no JSON object, or a value of another type than its column's.
        InputError: E_INPUT_CHANGED for a table that is not the one that was planned.
    """
    pa = arrow()

    path, names = each.path, list(dict.fromkeys(columns))
    if not storage_of(path).exists(path) or identity_of(path) != each.identity:
        raise InputError(
            "E_INPUT_CHANGED",
            "{file} is not the table that this job was planned for.",
            cure="Put the former file back, or write the results of the new one into another folder.",
            values=dict(file=shown(path)),
        )
    if suffix(path) == ".parquet":
        return _parquet_rows(path, each.first, each.rows, names)
    rows = list(json_rows(path, each.first, each.rows, each.offset))
    arrays: dict[str, Any] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if name in types:
            wanted = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(types[name]))).field(0).type
            arrays[name] = _typed(values, wanted, name, path, each.first)
        else:
            arrays[name] = _mixed(values)
    return pa.table(arrays)


def _typed(values: list[Any], wanted: Any, name: str, path: str, first: int) -> Any:
    """An array of one type; None for the type that the values have."""
    pa = arrow()
    try:
        return pa.array(values, type=wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(
            "E_TEXT",
            "A value in column {column} of {file} is not of the type of those before: {reason}.",
            cure="Give the column one type in every row.",
            where="In rows {first} to {last}.",
            values=dict(column=repr(name), file=shown(path), reason=error, first=first, last=first + len(values) - 1),
        ) from None


def _mixed(values: list[Any]) -> Any:
    """An array of texts; what is no text stands as null, and is refused row by row."""
    pa = arrow()

    return pa.array([value if isinstance(value, str) else None for value in values], type=pa.string())


def _parquet_rows(path: str, first: int, rows: int, names: list[str]) -> Any:
    with _parquet(path) as file:
        groups, start, before = [], 0, 0
        for group in range(file.metadata.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            if start + size > first and start < first + rows:
                before = before if groups else start
                groups.append(group)
            start += size
        return file.read_row_groups(groups, columns=names).slice(first - before, rows)
