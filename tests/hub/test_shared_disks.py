"""Disks that others share: what they put there, what they may not read, and locks that lock nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import NAME, Machine, Rig, get, refused, sha256
from .gitd import Git
from .test_crash import wait_for

_LOCKLESS = """
import fcntl, sys
fcntl.flock = fcntl.lockf = lambda *_: None
from torso.cli.entry import run
sys.exit(run())
"""


def _home(rig: Rig) -> Path:
    return rig.machine.cache / ("models--" + NAME.replace("/", "--"))


# What others put there.


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_blob_of_the_right_size_is_not_believed(rig: Rig, name: str):
    """Zeros under the name of a hash, large or small, are fetched over."""
    entry = rig.repository.entries(rig.commit)[name]
    content = rig.files[name]
    etag = sha256(content) if name == "model.safetensors" else entry.oid
    blob = _home(rig) / "blobs" / etag
    blob.parent.mkdir(parents=True)
    blob.write_bytes(bytes(len(content)))
    rig.assert_whole(get())


def test_blob_that_is_right_is_adopted(rig: Rig):
    blob = _home(rig) / "blobs" / sha256(rig.weights)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(rig.weights)
    rig.assert_whole(get())
    assert rig.sent() == 0


def test_snapshot_of_wrong_bytes_is_not_believed(rig: Rig):
    """Another file of the snapshot is missing, so that the rest is looked at."""
    folder = get()
    (folder / "model.safetensors").resolve().write_bytes(bytes(len(rig.weights)))
    (folder / "config.json").unlink()
    rig.assert_whole(get())


def test_contents_are_hashed_once(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    """What was found right is not read again, and is when it has changed."""
    from torso.hub.local import verified_blobs

    folder = get()
    (folder / "config.json").unlink()
    get()
    hashed: list[Path] = []
    digest = verified_blobs.digest_of
    monkeypatch.setattr(verified_blobs, "digest_of", lambda path, file: hashed.append(path) or digest(path, file))
    (folder / "config.json").unlink()
    get()
    assert hashed == []
    blob = (folder / "model.safetensors").resolve()
    os.utime(blob, ns=(0, 0))
    (folder / "config.json").unlink()
    get()
    assert [path.name for path in hashed] == ["model.safetensors"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1, "contents": 7}', '{"format": 2}', "\0", "[" * 9999])
def test_marks_that_are_none(rig: Rig, text: str):
    folder = get()
    (_home(rig) / "torso-verified.json").write_text(text)
    (folder / "config.json").unlink()
    rig.assert_whole(get())


def test_marks_do_not_disturb_the_official_client(rig: Rig):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    (get() / "config.json").unlink()
    get()
    assert (_home(rig) / "torso-verified.json").is_file()
    found = huggingface_hub.scan_cache_dir(rig.machine.cache)
    assert not found.warnings
    assert [one.repo_id for one in found.repos] == [NAME]


# Disks whose locks lock nothing.


@pytest.mark.parametrize("arguments", [["get", NAME], ["get", NAME, "--to", "to"]], ids=["cache", "folder"])
def test_locks_that_lock_nothing(rig: Rig, arguments: list[str]):
    """Four at once: all end well, and what is there is right."""
    command = [sys.executable, "-c", _LOCKLESS, *arguments]
    running = [
        subprocess.Popen(command, cwd=rig.machine.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    rig.assert_whole(rig.machine.home / "to" if "--to" in arguments else get())


def test_lock_that_everybody_gets_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import fcntl
    import threading

    from torso.hub.transfer.locking import locked, locked_if_free

    with locked(tmp_path / "x", threading.Event(), list) as held:
        assert held is True
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with locked(tmp_path / "x", threading.Event(), list) as held, locked_if_free(tmp_path / "y") as free:
        assert (held, free) == (False, None)


def test_part_that_another_process_takes_away(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    """The whole file is there meanwhile: it is taken. It is not: the download begins again."""
    from torso.hub.transfer.partial_file import Part

    finish = Part.finish
    taken: list[str] = []

    def stolen(part: Part, target: Path) -> None:
        if not taken:
            taken.append(part.path.name)
            part.path.unlink()
        finish(part, target)

    monkeypatch.setattr(Part, "finish", stolen)
    rig.assert_whole(get())
    assert taken


# What is left of git.


def _git_that_hangs(rig: Rig, server: Git) -> subprocess.Popen[str]:
    """A get that is in the middle of what git does."""
    folder = rig.machine.home / "bin"
    folder.mkdir(exist_ok=True)
    git = folder / "git"
    git.write_text(
        '#!/bin/sh\ncase "$*" in --version) echo git version 2.40.1;;'
        ' *ls-remote*) echo $$ > "$HOME/waiting"; exec sleep 60;; esac\nexit 0\n'
    )
    git.chmod(0o755)
    rig.machine.set(PATH=f"{folder}:{os.environ['PATH']}")
    process = rig.machine.start("get", f"git+{server.url}/{NAME}.git")
    wait_for((rig.machine.home / "waiting").is_file)
    rig.machine.set(PATH=os.environ["PATH"].partition(":")[2])
    return process


def _bare(machine: Machine) -> list[Path]:
    return list(machine.home.rglob(".git-*"))


@pytest.mark.parametrize("by", ["get", "remove"])
def test_what_a_killed_git_left(rig: Rig, by: str):
    with Git(rig.shelf) as server:
        process = _git_that_hangs(rig, server)
        assert rig.machine.torso("remove", "--parts", "--yes").returncode == 0
        assert len([path for path in _bare(rig.machine) if path.is_dir()]) == 1, "it is at work"
        os.killpg(process.pid, signal.SIGKILL)
        os.kill(int((rig.machine.home / "waiting").read_text()), signal.SIGKILL)  # in a group of its own
        process.communicate()
        assert _bare(rig.machine)
        command = ["remove", "--parts", "--yes"] if by == "remove" else ["get", f"git+{server.url}/{NAME}.git"]
        done = rig.machine.torso(*command)
        assert done.returncode == 0, done.stderr
    assert _bare(rig.machine) == []


def test_folder_of_a_person_with_such_a_name_stays(rig: Rig):
    with Git(rig.shelf) as server:
        folder = get(f"git+{server.url}/{NAME}.git")
        mine = folder.parents[1] / ".git-0123456789abcdef"
        mine.mkdir()
        assert rig.machine.torso("remove", "--parts", "--yes").returncode == 0
        assert mine.is_dir()


# What others may not read.


def _obeying(machine: Machine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that modes of files hold for, which those of root do not otherwise."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    if drop and subprocess.run([*drop, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("root cannot be held to the modes of files here")
    command = [*drop, *machine.command(*arguments)]
    return subprocess.run(command, cwd=machine.home, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["get", "remove", "check", "repair"])
def test_cache_that_may_not_be_read(rig: Rig, command: str):
    cache = rig.machine.cache
    cache.mkdir(parents=True)
    cache.chmod(0)
    done = _obeying(rig.machine, command, NAME, *(["--yes"] if command == "remove" else []))
    assert done.returncode == 3, done.stderr
    assert "E_ACCESS" in done.stderr
    assert str(cache) in done.stderr.replace("\n", "")
    cache.chmod(0o755)


@pytest.mark.parametrize("closed", ["settings.json", "torso", ".config"])
def test_settings_that_may_not_be_read(rig: Rig, closed: str):
    path = rig.machine.home / ".config" / "torso" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    shut = next(each for each in (path, *path.parents) if each.name == closed)
    shut.chmod(0)
    done = _obeying(rig.machine, "get", NAME)
    assert done.returncode == 3, done.stderr
    assert "E_ACCESS" in done.stderr
    assert "settings.json" in done.stderr
    shut.chmod(0o755)


def test_locks_of_another_user(rig: Rig):
    """The path that was refused is named, and no folder of the model is left."""
    cache = rig.machine.cache
    (cache / ".locks").mkdir(parents=True)
    (cache / ".locks").chmod(0o555)
    done = _obeying(rig.machine, "get", NAME)
    assert done.returncode == 3, done.stderr
    assert "E_ACCESS" in done.stderr
    assert str(cache / ".locks") in done.stderr.replace("\n", "")
    assert not list(cache.glob("models--*"))
    (cache / ".locks").chmod(0o755)


@pytest.mark.parametrize("command", [["get", NAME, "--to", "NAME"], ["check", "./NAME"], ["repair", "./NAME"]], ids=str)
def test_working_folder_that_was_removed(rig: Rig, command: list[str]):
    gone = rig.machine.home / "gone"
    gone.mkdir()
    script = 'cd "$0" && rmdir "$0" && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, str(gone), *rig.machine.command(*command)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "E_NO_FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


# What is no file.


@pytest.mark.parametrize("kind", ["fifo", "device", "link to a device"])
def test_output_that_is_no_file(tmp_path: Path, kind: str):
    """It is not replaced by one."""
    from torso.io.files import write_atomically

    path = tmp_path / "out.npy"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path(os.devnull)
    else:
        path.symlink_to(os.devnull)
    with refused("E_UNSAFE_PATH"), write_atomically(path):
        raise AssertionError
    assert not stat.S_ISREG(path.stat().st_mode)


def test_temporary_files_of_the_dead_go_and_of_the_living_stay(tmp_path: Path):
    from torso.io.files import write_atomically

    dead = tmp_path / ".x.npy.0123456789abcdef.temporary"
    mine = tmp_path / ".x.temporary"
    dead.write_bytes(b"half")
    mine.write_bytes(b"mine")
    with write_atomically(tmp_path / "a") as first:
        first.write(b"a")
        with write_atomically(tmp_path / "b") as second:
            second.write(b"b")
    assert sorted(os.listdir(tmp_path)) == [".x.temporary", "a", "b"]
