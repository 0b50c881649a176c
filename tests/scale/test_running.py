"""Batch jobs: each row once, whatever ends a run, and the same files as those of an unbroken one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import torso
from torso.errors import InputError, IntegrityError, NotFoundError, TorsoError, UnknownParameterError
from torso.scale import check_job, job_status, run

from .conftest import JOB, driver, json_lines, parquet, parts, result, texts


def test_rows_are_those_of_the_function_in_order(unbroken) -> None:
    _, out = unbroken
    table = result(out)
    assert table["id"].to_pylist() == list(range(64))
    one = torso.classify(texts(64), model="torso:sentiment")
    assert table["label"].to_pylist() == [each.label for each in one]
    assert table["score"].to_pylist() == [each.score for each in one]
    assert table["tokens"].to_pylist() == [each.extent.read for each in one]
    assert not any(table["truncated"].to_pylist())
    # Row groups of 25, 25 and 14 rows: a slice ends where the next whole group would not fit.
    assert [pq.read_metadata(path).num_rows for path in sorted(out.glob("part-*"))] == [20, 5, 20, 19]


def test_vectors_equal_those_of_the_function_to_the_bit(tmp_path) -> None:
    table = parquet(tmp_path / "in.parquet", 30)
    run(table, tmp_path / "out", **JOB | {"task": "embed", "rows": 30}, options={"pooling": "mean"})
    vectors = np.stack(result(tmp_path / "out")["vector"].to_numpy(zero_copy_only=False))
    expected = torso.embed(texts(30), model="torso:sentiment", pooling="mean")
    assert np.array_equal(vectors, np.stack([np.asarray(each.vector) for each in expected]))
    assert check_job(tmp_path / "out") == []


def test_the_same_call_again_runs_nothing(unbroken) -> None:
    table, out = unbroken
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    report = run(table, out, **JOB)
    assert (report.resumed, report.rows) == (4, 64)
    assert before == {path: path.stat().st_mtime_ns for path in out.iterdir()}


def test_a_run_goes_on_where_parts_are_missing(unbroken, tmp_path) -> None:
    table, whole = unbroken
    out = shutil.copytree(whole, tmp_path / "out")
    (out / "_SUCCESS").unlink()
    for path in sorted(out.glob("part-*"))[1::2]:
        path.unlink()
    assert not job_status(out).whole
    assert job_status(out).finished == 2
    report = run(table, out, **JOB)
    assert (report.slices, report.resumed) == (4, 2)
    assert parts(out) == parts(whole)
    assert json.loads((out / "_SUCCESS").read_text())["rows"] == 64


def test_a_driver_that_is_killed_leaves_what_is_finished(unbroken, tmp_path) -> None:
    table, whole = unbroken
    out = tmp_path / "out"
    process = driver(table, out)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(out.glob("part-*"))) < 2:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    run(table, out, **JOB)
    assert parts(out) == parts(whole)
    assert list((out / "_torso" / "tmp").iterdir()) == []


CHANGES = {
    "task": {"task": "embed", "options": {"pooling": "mean"}},
    "keep": {"keep": []},
    "rows": {"rows": 10},
    "errors": {"errors": "column"},
    "model": {"model": "torso:tagger", "task": "tag"},
    "options": {"options": {"top": 1}},
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_job_is_refused_by_what_differs(unbroken, name) -> None:
    table, out = unbroken
    before = parts(out)
    with pytest.raises(InputError) as caught:
        run(table, out, **JOB | CHANGES[name])
    assert caught.value.code == "E_OTHER_JOB"
    assert parts(out) == before


def test_a_changed_input_is_refused_by_name(unbroken, tmp_path) -> None:
    table, whole = unbroken
    out, moved = shutil.copytree(whole, tmp_path / "out"), tmp_path / "in.parquet"
    plan = json.loads((out / "_torso" / "plan.json").read_text())
    text = json.dumps(plan).replace(str(table), str(moved))
    (out / "_torso" / "plan.json").write_text(text)
    parquet(moved, 64, first=1)
    with pytest.raises(InputError, match=r"in\.parquet was"):
        run(moved, out, **JOB)


@pytest.mark.parametrize("damage", ["cut", "foreign", "other values"])
def test_a_damaged_output_file_is_named(unbroken, tmp_path, damage) -> None:
    table, whole = unbroken
    out = shutil.copytree(whole, tmp_path / "out")
    path = min(out.glob("part-*"))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif damage == "foreign":
        pq.write_table(pa.table({"id": [1]}), path)
    else:
        found = pq.read_table(path)
        other = found.set_column(1, "label", pa.array(["x"] * found.num_rows))
        pq.write_table(other, path)  # with the footer's own words
    assert [each.code for each in check_job(out)] == ["E_PART"]
    if damage != "other values":  # that, only a whole reading sees
        with pytest.raises(IntegrityError, match=path.name):
            run(table, out, **JOB)


REFUSED = [None, 7, ["a"], "字" * 600]


def test_refused_rows_stand_in_their_column(tmp_path) -> None:
    good = texts(6)
    rows: list[object] = [{"text": text} for text in [*good[:3], *REFUSED, *good[3:]]]
    table = json_lines(tmp_path / "in.jsonl", rows)
    report = run(table, tmp_path / "out", **JOB | {"keep": [], "errors": "column"})
    assert (report.rows, report.failed) == (10, 4)
    found = result(tmp_path / "out")
    errors = found["error"].to_pylist()
    assert [place for place, error in enumerate(errors) if error] == [3, 4, 5, 6]
    assert all("E_TEXT" in error for error in errors[3:6])
    assert "E_TOO_LONG" in errors[6]
    expected = torso.classify(good, model="torso:sentiment")
    assert [score for score in found["score"].to_pylist() if score is not None] == [each.score for each in expected]


@pytest.mark.parametrize("bad", REFUSED, ids=["null", "number", "list", "too long"])
def test_a_refused_row_stops_the_job_by_name(tmp_path, bad) -> None:
    table = json_lines(tmp_path / "in.jsonl", [{"text": "好"}, {"text": bad}])
    with pytest.raises(TorsoError) as caught:
        run(table, tmp_path / "out", **JOB | {"keep": []})
    assert caught.value.code in ("E_TEXT", "E_TOO_LONG")
    assert not list((tmp_path / "out").glob("part-*"))


def test_kept_columns_have_one_type_over_all_slices(tmp_path) -> None:
    """The first slice holds whole numbers alone, the second a null: both are columns of integers."""
    rows: list[object] = [{"text": "好", "id": number if number < 25 else None} for number in range(30)]
    table = json_lines(tmp_path / "in.jsonl", rows)
    run(table, tmp_path / "out", **JOB)
    assert {str(pq.read_schema(path).field("id").type) for path in (tmp_path / "out").glob("part-*")} == {"int64"}
    assert result(tmp_path / "out")["id"].to_pylist() == [row["id"] for row in rows]


def test_folders_and_patterns_are_read_in_the_order_of_their_names(tmp_path) -> None:
    for number in (2, 0, 1):
        parquet(tmp_path / f"in-{number}.parquet", 3, first=10 * number)
    parquet(tmp_path / "empty.parquet", 0)
    run(tmp_path / "*.parquet", tmp_path / "out", **JOB)
    assert result(tmp_path / "out")["id"].to_pylist() == [0, 1, 2, 10, 11, 12, 20, 21, 22]


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"task": "similar"}, InputError, "E_ARGUMENT"),
        ({"mode": "int3"}, InputError, "E_ARGUMENT"),
        ({"errors": "ignore"}, InputError, "E_ARGUMENT"),
        ({"engine": "spark"}, InputError, "E_ARGUMENT"),
        ({"rows": 0}, InputError, "E_ARGUMENT"),
        ({"column": "txet"}, InputError, "E_COLUMN"),
        ({"keep": ["id", "id"]}, InputError, "E_COLUMN"),
        ({"options": {"tpo": 1}}, UnknownParameterError, "E_UNKNOWN_ARGUMENT"),
        ({"options": {"top": {1}}}, InputError, "E_ARGUMENT"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(tmp_path, change, kind, code) -> None:
    table = parquet(tmp_path / "in.parquet", 3)
    with pytest.raises(kind) as caught:
        run(table, tmp_path / "out", **JOB | change)
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_files_that_are_not_there_and_no_tables(tmp_path) -> None:
    for name in ("no.parquet", "*.jsonl"):
        with pytest.raises(NotFoundError, match="names no table"):
            run(tmp_path / name, tmp_path / "out", **JOB)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(InputError, match="no table"):
        run(tmp_path / "a.txt", tmp_path / "out", **JOB)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\0" * 40)
    with pytest.raises(TorsoError, match="not a whole Parquet file"):
        run(tmp_path / "a.parquet", tmp_path / "out", **JOB)
    with pytest.raises(NotFoundError, match="holds no batch job"):
        job_status(tmp_path)
