"""The git binary as a process: too old, without end, silent or broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from torso.hub.local.git_process import GitLimits, git_output, run_git

from .conftest import Machine, refused

CHILD = """
import sys
from pathlib import Path
from torso.hub.local.git_process import git_output
with git_output(Path(sys.argv[1]), "status") as blocks:
    for block in blocks:
        print(block.decode(), end="", flush=True)
"""


@pytest.mark.parametrize("version", ["git version 1.8.3.1", "git version 2.11.0", "", "something else"])
def test_git_that_is_too_old(machine: Machine, version: str):
    folder = machine.home / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\necho '{version}'\n")
    (folder / "git").chmod(0o755)
    machine.set(PATH=f"{folder}:{os.environ['PATH']}")
    with refused("E_OLD_GIT"):
        run_git(machine.home, "init")


@pytest.mark.parametrize(
    ("script", "limits", "code"),
    [
        (
            "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
            GitLimits(1 << 20),
            "E_LIMIT",
        ),
        ("while :; do sleep 0.05; echo a; done", GitLimits(seconds=0.5), "E_TIMEOUT"),
        ("echo a; sleep 60", GitLimits(silence=0.3), "E_TIMEOUT"),
        ("sleep 60 & sleep 60", GitLimits(silence=0.3), "E_TIMEOUT"),
        ("while :; do echo remark >&2; done", GitLimits(silence=0.5), "E_TIMEOUT"),
        ("exec >&-; sleep 60", GitLimits(silence=0.3), "E_TIMEOUT"),
        ("echo words >&2; exit 3", GitLimits(), "E_GIT"),
        ("kill -9 $$", GitLimits(), "E_GIT"),
    ],
)
def test_git_is_ended_in_time(machine: Machine, script: str, limits: GitLimits, code: str):
    """Whatever it does, and with all that it started."""
    folder = machine.home / "bin"
    folder.mkdir()
    body = f'#!/bin/sh\n[ "$1" = --version ] && echo git version 2.40.0 && exit\n{script}\n'
    (folder / "git").write_text(body)
    (folder / "git").chmod(0o755)
    machine.set(PATH=f"{folder}:{os.environ['PATH']}")
    begin = time.monotonic()
    with refused(code), git_output(machine.home, "status", limits=limits) as blocks:
        for _ in blocks:
            pass
    assert time.monotonic() - begin < 30


@pytest.mark.skipif(os.name != "posix", reason="a guard is a process of POSIX systems")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT, signal.SIGSEGV])
def test_git_does_not_outlive_this_process(machine: Machine, how: signal.Signals):
    """Nor does what git started, however suddenly the process that runs it is gone."""
    folder = machine.home / "bin"
    folder.mkdir()
    body = '#!/bin/sh\n[ "$1" = --version ] && echo git version 2.40.0 && exit\nsleep 600 & echo $$ $!; wait\n'
    (folder / "git").write_text(body)
    (folder / "git").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONFAULTHANDLER": ""}
    command = [sys.executable, "-c", CHILD, str(machine.home)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        started = [int(word) for word in child.stdout.readline().split()]
        assert len(started) == 2
        os.kill(child.pid, how)
        child.wait()
        end = time.monotonic() + 60
        while any(map(_runs, started)):
            assert time.monotonic() < end, "git is still there"
            time.sleep(0.02)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # a process whose parent has not asked for its end is over all the same
    return not status.exists() or status.read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
