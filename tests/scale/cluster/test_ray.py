"""Ray Data for real, on a cluster of several nodes: after any kill, each row once and the bytes of an unbroken run."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from torso.errors import InputError, IntegrityError, UnsupportedError
from torso.scale import check_job, job_status, run

from ..conftest import JOB, LONG, driver, json_lines, left, parquet, parts, result, texts

pytestmark = pytest.mark.filterwarnings("ignore")
RAY: dict[str, Any] = JOB | {"engine": "ray", "workers": 2, "rows": 10}


@pytest.fixture(scope="module")
def calm(tmp_path_factory) -> tuple[Path, Path]:
    """An input of 20 slices, and the output of the local engine over it."""
    home = tmp_path_factory.mktemp("calm")
    table = parquet(home / "in.parquet", 200, group=10)
    run(table, home / "out", **JOB | {"rows": 10})
    return table, home / "out"


def held(out: Path, whole: Path) -> None:
    assert parts(out) == parts(whole)
    assert result(out)["id"].to_pylist() == list(range(200))
    assert left(out) == []
    assert job_status(out).whole
    assert check_job(out) == []


def slice_processes() -> list[int]:
    """Processes that run slices, beneath Ray's workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
            parent = int(path.with_name("stat").read_text().rpartition(")")[2].split()[1])
            above = Path(f"/proc/{parent}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if b"spawn_main" in command and b"MapWorker" in above:
            found.append(int(path.parent.name))
    return found


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_slices_on_ray_are_those_of_the_local_engine(calm, tmp_path, ray_faults) -> None:
    table, whole = calm
    report = run(table, tmp_path / "out", **RAY)
    assert (report.rows, report.slices, report.resumed) == (200, 20, 0)
    held(tmp_path / "out", whole)
    assert ray_faults.runs() == 20
    assert run(table, tmp_path / "out", **RAY).resumed == 20


def test_kills_of_slice_processes_and_of_ray_workers(calm, tmp_path, ray_faults) -> None:
    table, whole = calm
    ray_faults.plan("after_run-kill", "before_commit-parent", "after_commit-kill")
    run(table, tmp_path / "out", **RAY)
    assert ray_faults.waiting() == []
    held(tmp_path / "out", whole)
    # A kill costs what the killed worker had begun: its slice.
    assert ray_faults.runs() <= 20 + 3


@LONG
@pytest.mark.parametrize("errors", ["column", "stop"])
def test_a_row_that_ends_its_process_is_found_on_ray(tmp_path, ray_faults, errors) -> None:
    table = json_lines(tmp_path / "in.jsonl", [{"text": text} for text in [*texts(3), "crash", *texts(2)]])
    job = RAY | {"keep": [], "errors": errors, "workers": 1}
    if errors == "stop":
        with pytest.raises(UnsupportedError, match="Row 3 of"):
            run(table, tmp_path / "out", **job)
        return
    assert run(table, tmp_path / "out", **job).failed == 1
    found = result(tmp_path / "out")
    assert [bool(error) for error in found["error"].to_pylist()] == [False, False, False, True, False, False]
    del ray_faults


@LONG
@pytest.mark.usefixtures("cluster")
def test_a_refused_row_stops_the_job_by_name(tmp_path) -> None:
    table = json_lines(tmp_path / "in.jsonl", [{"text": "好"}, {"text": None}])
    with pytest.raises(InputError, match="Row 1 of the column"):
        run(table, tmp_path / "out", **RAY | {"keep": []})


@LONG
def test_random_kills(calm, tmp_path, ray_faults) -> None:
    """Whenever a slice has been begun, a slice process or a Ray worker is killed soon, at whatever it does then.

    Counted by slices rather than by the clock: a process that never comes to load its model ends the job, rightly.
    """
    table, whole = calm
    seed = int(os.environ.get("TORSO_TEST_SEED", random.randrange(10**6)))
    print("TORSO_TEST_SEED", seed)
    draw, ended, kills = random.Random(seed), threading.Event(), []

    def kill() -> None:
        begun = 0
        while not ended.wait(draw.uniform(0, 0.5)) and len(kills) < 8:
            some = slice_processes() if ray_faults.runs() > begun else []
            if some:
                begun = ray_faults.runs()
                one = draw.choice(some)
                try:
                    victim = draw.choice([one, parent_of(one)])
                    os.kill(victim, signal.SIGKILL)
                    kills.append(victim)
                except OSError:
                    continue

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        run(table, tmp_path / "out", **RAY)
    finally:
        ended.set()
        killer.join()
    assert kills
    held(tmp_path / "out", whole)


@LONG
def test_a_node_is_taken_away_and_another_comes(calm, tmp_path, cluster, ray_faults) -> None:
    table, whole = calm
    made, _ = cluster
    node = made.add_node(num_cpus=1, object_store_memory=80 << 20)
    begun = threading.Event()

    def replace() -> None:
        begun.wait(120)
        made.remove_node(node, allow_graceful=False)
        made.add_node(num_cpus=1, object_store_memory=80 << 20)

    changing = threading.Thread(target=replace)
    changing.start()
    run(table, tmp_path / "out", **RAY | {"workers": 3}, progress=lambda _: begun.set())
    changing.join()
    held(tmp_path / "out", whole)
    del ray_faults


@LONG
def test_a_driver_that_is_killed_and_started_again(calm, tmp_path, cluster, ray_faults, monkeypatch) -> None:
    table, whole = calm
    made, _ = cluster
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    out = tmp_path / "out"
    process = driver(table, out, **{name: RAY[name] for name in ("engine", "workers", "rows")})
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and len(list(out.glob("part-*"))) < 3:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    report = run(table, out, **RAY)
    assert report.resumed >= 3
    held(out, whole)
    del ray_faults


@LONG
def test_a_halt_gives_the_slices_without_a_file_to_new_actors(calm, tmp_path, ray_faults, monkeypatch) -> None:
    """Of a slice whose process hangs no receipt comes; Ray Data says so after its time, and the rest is run anew."""
    from ray.data import DataContext

    table, whole = calm
    monkeypatch.setattr(DataContext.get_current(), "execution_no_progress_timeout_s", 60)  # a start takes less
    ray_faults.plan("before_run-hang", "after_commit-hang")
    run(table, tmp_path / "out", **RAY)
    assert ray_faults.waiting() == []
    held(tmp_path / "out", whole)


@LONG
def test_inputs_and_output_in_an_object_store(calm, bucket, ray_faults) -> None:
    """Ray's workers read from a loopback S3 and commit there, one of them killed before it commits: S3 decides."""
    import fsspec

    table, whole = calm
    files = fsspec.filesystem("s3", use_listings_cache=False)
    files.pipe_file(f"{bucket}/ray/in/a.parquet", table.read_bytes())
    out = f"{bucket}/ray/out"
    ray_faults.plan("after_run-kill", "after_write-parent")
    report = run(f"{bucket}/ray/in/", out, **RAY)
    assert (report.rows, report.folder, ray_faults.waiting()) == (200, out, [])

    def objects() -> dict[str, bytes]:
        return {path.rpartition("/")[2]: files.cat(path) for path in files.glob(f"{out}/part-*")}

    assert objects() == parts(whole)
    assert job_status(out).whole
    assert check_job(out) == []
    assert ray_faults.runs() <= 20 + 2
    for path in sorted(files.glob(f"{out}/part-*"))[3:6]:
        files.rm(path)
    files.rm(f"{out}/_SUCCESS")
    assert run(f"{bucket}/ray/in/*.parquet", out, **RAY).resumed == 17
    assert objects() == parts(whole)


@LONG
@pytest.mark.usefixtures("cluster")
def test_a_node_with_another_model_is_refused(calm, tmp_path, monkeypatch) -> None:
    from torso.scale import running

    table, _ = calm
    monkeypatch.setattr(running, "_model_hash", lambda _: "0" * 64)
    with pytest.raises(IntegrityError) as caught:
        run(table, tmp_path / "out", **RAY)
    assert caught.value.code == "E_OTHER_MODEL"
