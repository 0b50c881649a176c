"""Fuzzes what batch jobs read: their plan, their own output files, and tables."""

from __future__ import annotations

import io
import json
import random
import tempfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from children import Target, main

# isort: split
from mutations import changed_value, json_bytes, lines_bytes, mangled

from torso.scale.input_tables import columns_of, read_slice, slices_of
from torso.scale.job import Job
from torso.scale.job_plan import PLAN, make_plan, read_plan, resolve_plan
from torso.scale.output_part import KEY, Receipt, content_hash, verify_part, write_part

ROWS = [{"text": "好", "id": number, "list": ["a"] * (number % 3)} for number in range(20)]


@cache
def plan() -> tuple[Path, dict[str, object]]:
    """A table, and the plan of a job over it."""
    folder = Path(tempfile.mkdtemp())
    source = folder / "in.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in ROWS))
    made = make_plan(Job("classify", "torso:sentiment", "text", ("id",)), "0" * 64, [str(source)], 7)
    resolve_plan(made, str(folder / "out"))
    return source, json.loads((folder / "out" / PLAN).read_text())


def build_plan(some: random.Random, folder: Path) -> Path:
    """Writes a mutated plan."""
    (folder / PLAN).parent.mkdir()
    (folder / PLAN).write_bytes(json_bytes(some, plan()[1]))
    return folder


def call_plan(folder: Path) -> None:
    """Reads it, and holds it to a job."""
    read_plan(str(folder))
    resolve_plan(
        make_plan(Job("classify", "torso:sentiment", "text", ("id",)), "0" * 64, [str(plan()[0])], 7), str(folder)
    )


@cache
def part() -> tuple[bytes, dict[str, object]]:
    """An output file, and what its footer says."""
    folder = Path(tempfile.mkdtemp())
    table = pa.Table.from_pylist(ROWS)
    receipt = Receipt("0" * 64, len(ROWS), 40, 0, content_hash(table))
    write_part(str(folder), "part.parquet", table, receipt)
    data = (folder / "part.parquet").read_bytes()
    return data, json.loads(pq.read_metadata(folder / "part.parquet").metadata[KEY])


def build_part(some: random.Random, folder: Path) -> Path:
    """Writes a mutated output file: its bytes, or what its footer says."""
    data, told = part()
    if some.random() < 0.5:
        table = pa.Table.from_pylist(ROWS).replace_schema_metadata({KEY: json_bytes(some, told)})
        file = io.BytesIO()
        pq.write_table(table, file)
        data = file.getvalue()
    else:
        data = mangled(some, data)
    (folder / "part.parquet").write_bytes(data)
    return folder / "part.parquet"


def call_part(path: Path) -> None:
    """Holds it to its checksum."""
    verify_part(str(path))


def build_table(some: random.Random, folder: Path) -> Path:
    """Writes a mutated table."""
    if some.random() < 0.4:
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(ROWS), file, row_group_size=6)
        path, data = folder / "in.parquet", mangled(some, file.getvalue())
    else:
        path, lines = folder / "in.jsonl", [json.dumps(changed_value(some, row)).encode() for row in ROWS[:5]]
        data = lines_bytes(some, b"\n".join(lines))
    path.write_bytes(data)
    return path


def call_table(path: Path) -> None:
    """Cuts it into slices, and reads them."""
    types = columns_of(str(path), ("id", "list"), ("text",))
    for each in slices_of(str(path), 4, 0)[1]:
        read_slice(each, ("text", "id", "list"), types)


if __name__ == "__main__":
    plan()
    part()
    main(
        Target("scale_plan", build_plan, call_plan),
        Target("scale_part", build_part, call_part),
        Target("scale_table", build_table, call_table),
    )
