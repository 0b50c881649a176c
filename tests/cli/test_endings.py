"""How every command ends: with streams that are closed or full, and by signals in the middle of writing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from torso.cli.group import TABLE

from .conftest import start

# One interpreter for all commands: each runs in a fork of it.
DRIVER = """
import os, sys, signal, json, time
from pathlib import Path
import torso.cli.group as group
from torso.cli import main
from torso.io.atomic_write import write_atomically

def full(number):
    os.dup2(os.open("/dev/full", os.O_WRONLY), number)

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            status = work()
        except BaseException as error:
            status = 99
        os._exit(status)
    return pid

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def results_full(name):
    full(1)
    return main([name, "--help"])

def messages_full(name):
    full(2)
    return main([name, "--no-such-option"])

def errors_full(name):
    full(1)
    full(2)
    return main([name, "--no-such-option", "--json"])

def writing(told, folder):
    def invoke(self, ctx):
        with write_atomically(folder / "vectors.npy") as file:
            file.write(b"half")
            os.write(told, b".")
            time.sleep(60)
    group.Commands.invoke = invoke

rows = {}
folder = Path(sys.argv[1])
for name in group.TABLE:
    row = rows[name] = [ended(child(lambda: each(name))) for each in (results_full, messages_full, errors_full)]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        ready, told = os.pipe()
        def work():
            writing(told, folder)
            return main([name])
        pid = child(work)
        os.read(ready, 1)
        os.kill(pid, number)
        row.append(ended(pid))
        row.extend(each.name for each in folder.iterdir())
print(json.dumps(rows), file=sys.stderr)
"""


def test_every_command_ends_rightly(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", DRIVER, folder], capture_output=True, text=True, check=True)
    told = done.stderr.splitlines()
    assert json.loads(told[-1]) == {name: [3, 2, 2, 130, 143, 129] for name in TABLE}
    assert sum("E_DISK_FULL" in line for line in told) == len(TABLE)


def closed(streams: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command with streams that its shell has closed or redirected."""
    command = f'exec "$0" -m torso.cli "$@" {streams}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("streams", "arguments", "status"),
    [
        (">&-", ["models"], 3),
        (">&-", ["models", "--json"], 3),
        (">&-", ["--version"], 3),
        ("<&- >&- 2>&-", ["nosuch"], 2),
        ("2>&-", ["models"], 0),
        ("<&-", ["models"], 0),
        (">&-", ["check", "nowhere", "--json"], 3),
    ],
)
def test_closed_streams(streams: str, arguments: list[str], status: int) -> None:
    done = closed(streams, *arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if "2>&-" not in streams and status == 3:
        assert "[Errno" not in done.stderr
        assert "E_" in done.stderr


def test_messages_without_a_reader_are_silent() -> None:
    done = subprocess.run(
        ["sh", "-c", '("$0" -m torso.cli models; echo $? >&3) 2>&1 3>&2 | head -1', sys.executable],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stop_leaves_no_half_file(models: Path, tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "texts")
    output = tmp_path / "vectors.npy"
    process = start("embed", "--model", models / "sequence", "--file", tmp_path / "texts", "--output", output)
    with (tmp_path / "texts").open("wb") as texts:
        texts.write("我有\n".encode() * 3000)
        texts.flush()
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err.decode()) == (128 + number, b"", "\ntorso: stopped.\n")
    assert [each.name for each in tmp_path.iterdir()] == ["texts"]


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    """As nohup does, and a shell that starts a command in the background."""
    code = (
        "import os, signal, sys, torso.cli.group as group\n"
        "from torso.cli import main\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "group.Commands.invoke = lambda self, ctx: os.kill(os.getpid(), signal.SIGHUP)\n"
        "sys.exit(main(['models']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kilobytes", [300_000, 400_000, 600_000])
def test_without_memory_for_pytorch(kilobytes: int) -> None:
    command = f'ulimit -v {kilobytes} && TORSO_KERNELS=0 exec "$0" -m torso.cli classify 好'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "E_MEMORY" in done.stderr


@pytest.mark.parametrize(
    "error", ["MemoryError()", "OSError(12, 'x')", "RuntimeError('DefaultCPUAllocator: not enough memory: x')"]
)
def test_memory_that_runs_out_is_said(error: str) -> None:
    code = (
        "import sys, torso.cli.group as group\n"
        f"def broken(self, ctx):\n    raise {error}\n"
        "group.Commands.invoke = broken\n"
        "from torso.cli import main\nsys.exit(main(['list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "E_MEMORY" in done.stderr
