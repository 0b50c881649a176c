"""Commands that write, killed at any moment: no half file under a name of its own, and the next run leaves no trace.

``TORSO_TEST_KILLS`` says how often each is killed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import torso
from killing import Forked, Process, Start, killed_often

from .conftest import NAME, Rig, get
from .gitd import Git
from .test_outside import get_to


def _torso(rig: Rig, *arguments: str | Path) -> Start:
    rig.machine.set(TORSO_CONNECT="60", TORSO_READ="60", TORSO_RATE_WINDOW="60")  # many run at once, and are slow

    def start() -> Process:
        command = rig.machine.command(*arguments)
        return subprocess.Popen(command, cwd=rig.machine.home, start_new_session=True)

    return start


def _hidden(folder: Path) -> list[str]:
    """Files and folders whose name begins with a dot, but for the cache's folder of locks."""
    return [str(path) for path in folder.rglob("*") if path.name.startswith(".") and path.name != ".locks"]


def _sometimes(folder: Path) -> Callable[[], None]:
    """Begins from nothing at every second run, and goes on from what was left at the others."""
    runs = iter(range(1 << 30))

    def prepare() -> None:
        if next(runs) % 2:
            shutil.rmtree(folder, ignore_errors=True)

    return prepare


def _nothing() -> None:
    pass


def _is_right(rig: Rig, path: Path, name: str) -> bool:
    entry = rig.repository.entries(rig.commit)[name]
    return path.read_bytes() == rig.repository.read(entry)


def _look_at_cache(rig: Rig) -> Callable[[], None]:
    home = rig.machine.cache / ("models--" + NAME.replace("/", "--"))

    def look() -> None:
        for commit in home.glob("snapshots/*"):
            for path in commit.rglob("*"):
                if path.is_file() or path.is_symlink():
                    assert _is_right(rig, path, path.relative_to(commit).as_posix()), path
        for tree in home.glob("trees/*.json"):
            json.loads(tree.read_bytes())

    return look


def test_get(rig: Rig):
    killed_often(_torso(rig, "get", NAME), _look_at_cache(rig), _sometimes(rig.machine.cache))
    rig.assert_whole(get())
    assert _hidden(rig.machine.cache) == []


def test_get_to_a_folder(rig: Rig):
    to = rig.machine.home / "to"

    def look() -> None:
        for path in to.rglob("*"):
            name = path.relative_to(to).as_posix()
            if path.is_file() and not name.startswith(".") and name != "torso.lock.json":
                assert _is_right(rig, path, name), path

    killed_often(_torso(rig, "get", NAME, "--to", "to"), look, _sometimes(to))
    assert _hidden(to) == []


def test_get_from_git(rig: Rig):
    with Git(rig.shelf) as server:
        name = f"git+{server.url}/{NAME}.git"
        killed_often(_torso(rig, "get", name), _nothing, _sometimes(rig.machine.cache))
        home = get(name).parents[1]
    assert _hidden(home) == []


def test_repair(rig: Rig):
    from torso.hub.repairing import repair

    folder = get_to(rig)
    broken = ("model.safetensors", "vocab.txt")

    def prepare() -> None:
        for name in broken:
            (folder / name).write_bytes(b"broken")

    def look() -> None:
        for name in broken:
            path = folder / name
            assert path.read_bytes() == b"broken" or _is_right(rig, path, name)

    killed_often(_torso(rig, "repair", folder), look, prepare)
    assert repair(folder).report.is_whole
    assert _hidden(folder) == []


def test_remove(rig: Rig):
    from torso.hub import models

    def look() -> None:
        for model in models():
            assert model.missing == ()
            rig.assert_whole(model.folder)

    killed_often(_torso(rig, "remove", NAME, "--yes"), look, get)
    assert rig.machine.torso("remove", "--parts", "--yes").returncode == 0
    left = [path for path in rig.machine.cache.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG"]
    assert [path for path in left if ".locks" not in path.parts] == []
    assert _hidden(rig.machine.cache) == []


def test_save(tmp_path: Path):
    model = torso.load("torso:sentiment")
    tokenizer = torso.load_tokenizer("torso:sentiment")
    folder = tmp_path / "saved"
    model.save(folder, tokenizer=tokenizer)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}

    def look() -> None:
        for path in folder.iterdir():
            assert path.name.startswith(".") or path.read_bytes() == whole[path.name]

    killed_often(lambda: Forked(lambda: model.save(folder, tokenizer=tokenizer)), look, _nothing)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    killed_often(lambda: Forked(lambda: tokenizer.save(folder)), look, _nothing)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


@pytest.mark.parametrize("name", ["out.npy", "out.jsonl"])
def test_vectors(tmp_path: Path, name: str):
    """What ``torso embed --output`` writes."""
    from torso.cli.vectors import write
    from torso.tasks.embedding import Embedding
    from torso.tasks.extents import Extent

    path = tmp_path / name
    rows = [("好", Embedding(torch.full((64,), float(row)), "mean", True, "", 8, Extent(3, 3))) for row in range(500)]
    write(rows, path)
    whole = path.read_bytes()
    path.unlink()

    def look() -> None:
        if path.exists():
            assert path.read_bytes() == whole

    killed_often(lambda: Forked(lambda: write(rows, path)), look, lambda: path.unlink(missing_ok=True))
    assert os.listdir(tmp_path) == [name]
