"""Processes that are killed, interrupted, or many: one download, nothing lost, no deadlock."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import MEBIBYTE, NAME, Machine, Rig, get, sha256
from .faultd import Stall

HELD = 2_000_000


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Returns once a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.005)


def _held(rig: Rig) -> None:
    """Lets the storage stop in the middle of the weights, and the client wait for it."""
    rig.machine.set(TORSO_READ="30", TORSO_RATE_WINDOW="30")
    rig.storage.plan(Stall(HELD))


def _kept(machine: Machine) -> int:
    return max((part.stat().st_size for part in machine.parts()), default=0)


def start_and_hold(rig: Rig) -> subprocess.Popen[str]:
    """A torso that has received `HELD` bytes, most of them on disk, and waits for the rest."""
    _held(rig)
    process = rig.machine.start("get", NAME)
    wait_for(lambda: rig.storage.sent() >= HELD and _kept(rig.machine) >= HELD - MEBIBYTE)
    wait_for(lambda: all(part.name.startswith(sha256(rig.weights)) for part in rig.machine.parts()))
    return process


def test_killed_and_run_again(rig: Rig):
    """Row 3: after kill -9 the next run asks for the rest; on the wire the size and at most 1 MiB."""
    process = start_and_hold(rig)
    process.kill()
    process.communicate()
    done = rig.machine.torso("get", NAME)
    assert done.returncode == 0, done.stderr
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) + MEBIBYTE


def test_interrupted(rig: Rig):
    """Row 4: Ctrl-C keeps the part, says how to go on, shows no traceback, and exits as the shell expects."""
    process = start_and_hold(rig)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert f"torso get {NAME}" in said
    assert _kept(rig.machine) >= HELD - MEBIBYTE
    assert rig.machine.torso("get", NAME).returncode == 0
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) + MEBIBYTE


def test_interrupted_in_a_notebook(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    """Row 4 in the library: the interrupt passes through, with a note in the user's language; the part is kept."""
    _held(rig)
    rig.machine.set(TORSO_LANG="zh")

    def interrupt(_: object) -> None:
        if rig.storage.sent() >= HELD:
            raise KeyboardInterrupt

    monkeypatch.setattr("torso.hub.transfer.progress.TransferProgress.refresh", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        get()
    assert "再次请求即可继续" in caught.value.__notes__[0]
    assert _kept(rig.machine) >= HELD - MEBIBYTE


def test_terminated(rig: Rig):
    """A container that is stopped."""
    process = start_and_hold(rig)
    process.terminate()
    process.communicate(timeout=20)
    assert rig.machine.torso("get", NAME).returncode == 0
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) + MEBIBYTE


def test_two_processes_download_once(rig: Rig):
    """Row 28."""
    running = [rig.machine.start("get", NAME) for _ in range(2)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    rig.assert_whole(get())
    assert rig.sent() == len(rig.weights)


def test_second_process_goes_on_when_the_first_is_killed(rig: Rig):
    """Row 28: the lock falls with its owner, and the second resumes what the first had."""
    first = start_and_hold(rig)
    second = rig.machine.start("get", NAME)
    wait_for(lambda: len(rig.front.requests("/api/")) >= 4)
    first.kill()
    first.communicate()
    _, said = second.communicate(timeout=60)
    assert second.returncode == 0, said
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) + MEBIBYTE


def test_record_without_a_part_is_swept(rig: Rig):
    """A process killed between its last two steps: the file is in its place and its record still there."""
    folder = get()
    entry = rig.repository.entries(rig.commit)["vocab.txt"]
    record = folder.parents[1] / "blobs" / f"{entry.oid}.torso-part.json"
    record.write_text("{}")
    (folder / "config.json").resolve().unlink()
    rig.assert_whole(get())
    assert not record.exists()


def test_lock_of_the_official_client_is_respected(rig: Rig):
    """Row 28: while another tool holds the blob's lock, torso waits; when it has written the blob, torso takes it."""
    import fcntl

    etag = sha256(rig.weights)
    home = rig.machine.cache / ("models--" + NAME.replace("/", "--"))
    lock = rig.machine.cache / ".locks" / home.name / f"{etag}.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = rig.machine.start("get", NAME)
        wait_for(lambda: (home / "snapshots" / rig.commit / "vocab.txt").exists())
        assert rig.sent() == 0
        (home / "blobs" / etag).write_bytes(rig.weights)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    rig.assert_whole(get())
    assert rig.sent() == 0


def test_twenty_at_once(rig: Rig):
    """Twenty models in twenty threads of one process: no error, no deadlock."""
    rig.machine.set(TORSO_CONNECT="60", TORSO_READ="60", TORSO_RATE_WINDOW="60")  # all of it, servers too, is here
    names = [f"acme/model-{number}" for number in range(20)]
    small = {name: data for name, data in rig.files.items() if name != "model.safetensors"}
    for number, name in enumerate(names):
        rig.shelf.add(name, small | {"model.safetensors": rig.weights[: 200_000 + number]})
    with ThreadPoolExecutor(20) as pool:
        folders = list(pool.map(get, names))
    for number, folder in enumerate(folders):
        assert (folder / "model.safetensors").read_bytes() == rig.weights[: 200_000 + number]
    assert rig.machine.parts() == []


def test_twenty_times_the_same(rig: Rig):
    """Twenty threads that want one model: one download."""
    rig.machine.set(TORSO_CONNECT="60", TORSO_READ="60", TORSO_RATE_WINDOW="60")
    with ThreadPoolExecutor(20) as pool:
        folders = set(pool.map(get, [NAME] * 20))
    assert len(folders) == 1
    rig.assert_whole(folders.pop())
    assert rig.sent() == len(rig.weights)


def test_nothing_stays_open(rig: Rig):
    """No thread and no file descriptor is left behind."""
    get()
    before = len(os.listdir("/dev/fd")), threading.active_count()
    for _ in range(3):
        rig.repository.commit({"vocab.txt": os.urandom(8).hex().encode()})
        from torso.hub import resolve

        resolve(NAME, update=True)
    wait_for(lambda: len(os.listdir("/dev/fd")) <= before[0] + 8)
    ours = [thread.name for thread in threading.enumerate() if "torso" in thread.name]
    assert ours == []
