"""Workers as other engines call them, and rows that end the process which runs them."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

import torso
from torso.errors import UnsupportedError
from torso.scale import Job, Worker, batches, slice_run
from torso.scale.input_tables import slices_of
from torso.scale.local_engine import run_local
from torso.scale.output_part import read_receipt, write_part
from torso.scale.slice_run import Assignment

from .conftest import json_lines, parquet, result, texts


def test_a_worker_crosses_a_process_boundary_without_its_model() -> None:
    worker = Worker(task="classify", model="torso:sentiment", column="text")
    table = pa.table({"text": texts(3)})
    first = worker(table)
    again = pickle.loads(pickle.dumps(worker))
    assert again._run is None
    assert again(table).equals(first)


def test_batches_of_spark_are_mapped_one_by_one() -> None:
    through = batches(task="tag", model="torso:tagger", column="text")
    given = [pa.record_batch({"text": texts(2)}), pa.record_batch({"text": texts(1)})]
    made = pa.Table.from_batches(list(through(iter(given))))
    expected = torso.tag([*texts(2), *texts(1)], model="torso:tagger")
    assert [[span["text"] for span in row] for row in made["spans"].to_pylist()] == [
        [span.text for span in each.spans] for each in expected
    ]


@pytest.mark.parametrize("errors", ["column", "stop"])
@pytest.mark.usefixtures("faults")
def test_a_row_that_ends_its_process_is_found(tmp_path, errors) -> None:
    rows: list[object] = [{"text": text} for text in [*texts(3), "crash", *texts(2)]]
    table = json_lines(tmp_path / "in.jsonl", rows)
    _, slices = slices_of(str(table), 6, 0)
    job = Job("classify", "torso:sentiment", "text", errors=errors)
    (tmp_path / "out").mkdir()
    assigned = [Assignment(each, str(tmp_path / "out"), "f", {}) for each in slices]
    running = run_local(job, assigned, workers=1, threads=1)
    if errors == "stop":
        with pytest.raises(UnsupportedError, match="Row 3 of"):
            list(running)
        return
    [(_, receipt)] = list(running)
    assert (receipt.rows, receipt.failed) == (6, 1)
    found = result(tmp_path / "out")
    assert [bool(error) for error in found["error"].to_pylist()] == [False, False, False, True, False, False]
    assert [label is None for label in found["label"].to_pylist()] == [False, False, False, True, False, False]


def test_of_two_attempts_at_a_slice_one_commits(tmp_path) -> None:
    table = parquet(tmp_path / "in.parquet", 4)
    _, [each] = slices_of(str(table), 4, 0)
    job = Job("classify", "torso:sentiment", "text")
    assigned = Assignment(each, str(tmp_path), "f", {})
    receipt = slice_run.run_slice(Worker.of(job), assigned)
    path = tmp_path / each.name("f")
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert slice_run.run_slice(Worker.of(job), assigned) == receipt == read_receipt(str(path))
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    assert not write_part(str(tmp_path), path.name, result(tmp_path), receipt)
    assert list((tmp_path / "_torso" / "tmp").iterdir()) == []
