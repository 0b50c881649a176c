"""Small tables, and a job over them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

JOB = dict(task="classify", model="torso:sentiment", column="text", keep=["id"], rows=20, workers=0)


def texts(count: int) -> list[str]:
    return [f"这家店的服务{'很好' if number % 3 else '太差'}了，第{number}次来" for number in range(count)]


def parquet(path: Path, count: int, *, group: int = 25, first: int = 0) -> Path:
    pq.write_table(
        pa.table({"id": list(range(first, first + count)), "text": texts(count)}), path, row_group_size=group
    )
    return path


def json_lines(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


def result(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory) -> tuple[Path, Path]:
    """An input, and the output of a run over it that nothing disturbed."""
    from torso.scale import run

    home = tmp_path_factory.mktemp("scale")
    table = parquet(home / "in.parquet", 64)
    run(table, home / "out", **JOB | {"workers": 2})
    return table, home / "out"
