"""Parts that wait: they outlive whatever else is fetched, and go when they can be of no more use."""

from __future__ import annotations

import errno
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .conftest import FOREVER, MEBIBYTE, NAME, Rig, get, refused
from .faultd import Cut, Refuse, Say
from .httpd import Answer
from .models import weights

AT = 2_000_000


def interrupted(rig: Rig, source: str = NAME, at: int = AT) -> Path:
    """The part that is left where the server dies in the middle of the weights."""
    rig.storage.plan(Cut(at))
    rig.storage.plan(Refuse(), "/repos/", times=FOREVER, skip=1)
    with refused("E_CONNECTION_LOST"):
        get(source)
    rig.storage.plans.clear()
    rig.forget()
    return max(rig.machine.parts(), key=lambda part: part.stat().st_size)


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no locks."""
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_part_of_another_revision_waits_for_its_turn(rig: Rig):
    """``NAME@v1`` is stopped, ``NAME`` is fetched to its end, and then ``NAME@v1`` goes on where it was."""
    rig.repository.tag("v1", rig.commit)
    rig.repository.commit({"model.safetensors": weights(seed=1)})
    part = interrupted(rig, f"{NAME}@v1")
    get()
    assert part.exists()
    rig.forget()
    folder = get(f"{NAME}@v1")
    assert (folder / "model.safetensors").read_bytes() == rig.weights
    assert rig.sent() <= len(rig.weights) - AT + MEBIBYTE
    assert rig.machine.parts() == []


def test_part_of_a_branch_that_moved_on_goes(rig: Rig):
    """What ``main`` was when the download stopped is nobody's wish any more."""
    part = interrupted(rig)
    rig.repository.commit({"model.safetensors": weights(seed=1)})
    get()
    assert not part.exists()


def test_part_of_a_file_that_was_not_asked_for_again_waits(rig: Rig):
    """The weights are stopped, then only the configuration is fetched: the weights' part is still worth having."""
    part = interrupted(rig)
    for path in rig.machine.cache.glob("*/snapshots/*/vocab.txt"):
        path.resolve().unlink()
        path.unlink()
    from torso.hub import resolve

    resolve(NAME, config_only=True)
    assert part.exists()
    get()
    assert rig.sent() <= len(rig.weights) - AT + MEBIBYTE


@pytest.mark.usefixtures("without_locks")
def test_resume_without_locks(rig: Rig):
    part = interrupted(rig)
    assert part.stem.count(".") == 0, "handed back under the name that the next attempt looks for"
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) - AT + MEBIBYTE


@pytest.mark.usefixtures("without_locks")
def test_threads_without_locks(rig: Rig):
    """Each keeps a part of its own; what any of them gives is right."""
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(get, [NAME] * 4))
    assert len(folders) == 1
    rig.assert_whole(folders.pop())


@pytest.mark.usefixtures("without_locks")
def test_part_of_a_running_process_without_locks(rig: Rig):
    """No lock tells whether a process is at a part: one that grew within the hour is left alone."""
    part = interrupted(rig)
    rig.repository.commit({"model.safetensors": weights(seed=1)})
    get()
    assert part.exists()
    before = time.time() - 7200
    for path in rig.machine.parts():
        os.utime(path, (before, before))
    rig.repository.commit({"vocab.txt": b"[PAD]\n[UNK]\n"})
    from torso.hub import resolve

    resolve(NAME, update=True)
    assert rig.machine.parts() == []


def test_address_of_storage_that_expired(rig: Rig):
    """The Hub's address of an object holds for an hour; a long download asks for another and goes on."""
    rig.storage.plan(Cut(AT))
    rig.storage.plan(Say(Answer(403, [("Content-Type", "application/xml")], b"<Code>AccessDenied</Code>")), skip=1)
    rig.assert_whole(get())
    assert rig.sent() <= len(rig.weights) + MEBIBYTE
    assert len(rig.front.requests("/model.safetensors")) == 2


def test_what_came_before_is_said(rig: Rig):
    interrupted(rig)
    done = rig.machine.torso("get", NAME)
    assert re.search(r"\(\d+ kB; 2\.\d MB came before\)", done.stderr), done.stderr
