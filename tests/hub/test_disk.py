"""Disks that are full, read-only, or without links and locks."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from .conftest import FOREVER, MEBIBYTE, NAME, Rig, get, refused
from .isolation import on_read_only, on_small_disk, with_file_limit
from .test_hostile import each_file


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_too_little_space_is_known_before_a_byte(rig: Rig):
    """Row 26: a model of 100 TB."""

    def huge(row: dict[str, object]) -> None:
        row["size"] = 10**14
        row["lfs"] = {"oid": "a" * 64, "size": 10**14, "pointerSize": 140}

    rig.front.plan(each_file(huge), "/tree/", times=FOREVER)
    with refused("E_DISK_FULL"):
        get()
    assert not list(rig.machine.cache.glob("*/blobs/*"))
    assert rig.sent() == 0


def test_too_little_space_on_a_real_small_disk(rig: Rig):
    """Row 26: 2 MB for a model of 2.7 MB, where the machine lets a test mount one; else a limit on files."""
    rig.machine.cache.mkdir(parents=True)
    command = rig.machine.command("get", NAME)
    done = _run(on_small_disk(rig.machine.cache, 2 * MEBIBYTE, command) or with_file_limit(MEBIBYTE, command))
    assert done.returncode == 3
    assert "E_DISK_FULL" in done.stderr
    assert "Traceback" not in done.stderr


def test_disk_that_fills_up_in_the_middle(rig: Rig):
    """Row 26: what was written is kept, and the next run goes on from it."""
    done = _run(with_file_limit(1_500_000, rig.machine.command("get", NAME)))
    assert done.returncode == 3
    assert "E_DISK_FULL" in done.stderr
    assert "Traceback" not in done.stderr
    rig.forget()
    assert rig.machine.torso("get", NAME).returncode == 0
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) - 1_500_000 + MEBIBYTE


def test_read_only_cache_with_the_model(rig: Rig):
    """Row 27: a complete model in a cache nobody may write is simply there."""
    get()
    rig.forget()
    done = _run(on_read_only(rig.machine.cache, rig.machine.command("get", NAME)))
    assert done.returncode == 0, done.stderr
    assert rig.requests() == 0


def test_read_only_cache_without_the_model(rig: Rig):
    """Row 27: the error names the folder."""
    rig.machine.cache.mkdir(parents=True)
    done = _run(on_read_only(rig.machine.cache, rig.machine.command("get", NAME)))
    assert done.returncode == 3
    assert str(rig.machine.cache) in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_cache_below_a_file(rig: Rig):
    """Row 27."""
    (rig.machine.home / "file").write_text("")
    rig.machine.set(HF_HUB_CACHE=str(rig.machine.home / "file" / "hub"))
    with refused("E_ACCESS", "E_CACHE"):
        get()


def test_file_system_without_links(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    """Row 27: FAT and exFAT; the model is whole, once, and found again without a request."""

    def no_links(*arguments: object, **options: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", no_links)
    folder = get()
    rig.assert_whole(folder)
    copies = [
        path for path in rig.machine.cache.rglob("*") if path.is_file() and path.stat().st_size == len(rig.weights)
    ]
    assert len(copies) == 1
    rig.forget()
    assert get() == folder
    assert rig.requests() == 0


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_without_locks(rig: Rig, monkeypatch: pytest.MonkeyPatch, number: int):
    """Row 27: some network file systems."""
    import fcntl

    def no_locks(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr(fcntl, "lockf", no_locks)
    rig.assert_whole(get())


def test_long_paths(rig: Rig):
    """Row 27: a cache deep in a tree, and a file with a name of 200 letters."""
    deep = rig.machine.home.joinpath(*["a" * 60] * 5)
    rig.machine.set(HF_HUB_CACHE=str(deep))
    rig.repository.commit({"x" * 200 + ".json": b"{}"})
    folder = get()
    assert (folder / "model.safetensors").read_bytes() == rig.weights
    assert len(str(folder)) > 300


def test_home_that_cannot_be_written_is_no_matter_for_a_folder(rig: Rig, tmp_path: Path):
    """A local folder needs neither a cache nor a home."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name, data in rig.files.items():
        (folder / name).write_bytes(data)
    rig.machine.set(HOME="/nonexistent", HF_HOME="/nonexistent/hf")
    assert get(str(folder)) == folder
    assert rig.requests() == 0
