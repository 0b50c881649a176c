"""What computes for long and writes, killed at any moment: nothing half, nothing lost, and the same call completes.

``TORSO_TEST_KILLS`` says how often each is killed. Downloads, saving and vectors: `tests.hub.test_killed`.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import torso
from killing import Forked, killed_often
from tasks import small
from torso.architecture import Task

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(folder: Path) -> list[str]:
    """Names below a folder that only something unfinished has."""
    ends = (".temporary", ".unfinished")
    return [path.name for path in folder.rglob("*") if path.name.endswith(ends) or path.parent.name == "tmp"]


def nothing() -> None:
    """Prepare nothing: each run finds what the one before left."""


def quietly(work: Callable[[], object]) -> Callable[[], object]:
    """The work without what it prints."""

    def silent() -> None:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        warnings.simplefilter("ignore")
        work()

    return silent


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.save(tmp_path_factory.mktemp("model") / "vectors", Task.FEATURES)


def test_an_index(vectors: Path, tmp_path: Path) -> None:
    from torso.tasks.vectors_file import INDEX

    for number in range(30):
        (tmp_path / f"{number}.txt").write_text("今天天气很好，" + "书不看" * number)

    def search() -> list[tuple[str, float]]:
        found = torso.search("天气", tmp_path, model=vectors, pooling="mean")
        return [(each.file, each.score) for each in found]

    wanted = search()
    notes = {name: data for name, data in contents(tmp_path).items() if name.endswith(".txt")}

    def look() -> None:
        assert {name: data for name, data in contents(tmp_path).items() if name.endswith(".txt")} == notes

    killed_often(lambda: Forked(search), look, lambda: (tmp_path / INDEX).unlink(missing_ok=True))
    before = (tmp_path / INDEX).read_bytes()
    assert search() == wanted
    assert (tmp_path / INDEX).read_bytes() == before, "it is whole, and not made again"
    assert hidden(tmp_path) == []


def test_packed_weights(vectors: Path, tmp_path: Path) -> None:
    from torso.kernels import about

    if about().instruction_set is None:
        pytest.skip(f"there are no kernels: {about().reason}")
    file = tmp_path / "model.packed"
    torso.optimise(torso.load(vectors), "exact", file=file)
    whole = file.read_bytes()

    def look() -> None:
        assert not file.exists() or file.read_bytes() == whole

    def work() -> None:
        torso.optimise(torso.load(vectors), "exact", file=file)

    killed_often(lambda: Forked(work), look, lambda: file.unlink(missing_ok=True))
    assert os.listdir(tmp_path) == ["model.packed"]


def test_a_batch_job(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from scale.conftest import JOB, parquet
    from torso.scale import check_job, run

    table = parquet(tmp_path / "in.parquet", 64)
    run(table, tmp_path / "whole", **JOB)
    whole = {name: data for name, data in contents(tmp_path / "whole").items() if name.startswith("part-")}
    out = tmp_path / "out"

    def look() -> None:
        for path in out.glob("part-*"):
            assert path.read_bytes() == whole[path.name]

    killed_often(lambda: Forked(quietly(lambda: run(table, out, **JOB))), look, sometimes(out))
    assert {name: data for name, data in contents(out).items() if name.startswith("part-")} == whole
    assert check_job(out) == []
    assert hidden(out) == []


def test_merging(tmp_path: Path) -> None:
    from torso.adapters.merge_folder import merge_folder

    base = small.save(tmp_path / "base", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    torso.lora(torso.load(base, Task.SEQUENCE_CLASSIFICATION), torso.Lora(rank=2)).save(tmp_path / "adapter")
    out = tmp_path / "out" / "merged"
    merge_folder(tmp_path / "adapter", out, base=str(base))
    whole = contents(out)

    def look() -> None:
        assert not out.exists() or contents(out) == whole

    def prepare() -> None:
        if out.exists():
            shutil.rmtree(out)

    killed_often(lambda: Forked(lambda: merge_folder(tmp_path / "adapter", out, base=str(base))), look, prepare)
    assert os.listdir(out.parent) == ["merged"]


def sometimes(folder: Path) -> Callable[[], None]:
    """Begins from nothing at every second run, and goes on from what was left at the others."""
    runs: Iterator[int] = iter(range(1 << 30))

    def prepare() -> None:
        if next(runs) % 2:
            shutil.rmtree(folder, ignore_errors=True)

    return prepare


def test_training(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    from torso.training.run_state import FILE
    from torso.training.train_settings import TrainSettings

    base = small.save(tmp_path / "base", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    rows = [
        {"text": f"天气{('不好', '很好')[number % 2]}{'书' * (number % 7)}", "label": small.SENTIMENT[number % 2]}
        for number in range(40)
    ]
    settings = TrainSettings(steps=12, batch=8, save_every=1, evaluate_every=4)

    def train(out: Path, *, resume: bool) -> None:
        # As the messages say: go on where something was kept, else begin again.
        replace = not resume and (out / "run" / "run.json").exists()
        options = dict(dev=rows[:10], test=rows[10:20], settings=settings, allow_leak=True, text="text", label="label")
        torso.train(base, rows, out=out, resume=resume, replace=replace, **options)

    train(tmp_path / "whole", resume=False)
    whole = contents(tmp_path / "whole")
    out = tmp_path / "out"

    def work() -> None:
        train(out, resume=(out / "run" / "last" / FILE).exists())

    def look() -> None:
        for name, data in contents(out).items() if out.exists() else ():
            if name.endswith(".json"):
                assert data.strip().endswith((b"}", b"]")), name

    killed_often(lambda: Forked(quietly(work)), look, sometimes(out))
    made = contents(out)
    assert made["model.safetensors"] == whole["model.safetensors"], "the bits of a run that was not killed"
    assert made.keys() == whole.keys()
    assert hidden(out) == []
