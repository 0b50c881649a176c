"""What only a process of its own can show: streams, signals, pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from .conftest import finish, start


def test_a_pipe_closed_early_is_silent(models: Path, tmp_path: Path) -> None:
    lines = tmp_path / "texts.txt"
    lines.write_bytes("我有大梦想\n".encode() * 50_000)
    process = start("tokenize", "--model", models / "sequence", "--file", lines, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "[CLS] 我 有 大 梦 想 [SEP]\n".encode()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141
    process.stderr.close()


def test_ctrl_c_is_one_line(models: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "texts")
    process = start("tokenize", "--model", models / "sequence", "--file", tmp_path / "texts")
    with (tmp_path / "texts").open("wb"):  # opens when the command has opened its end: it waits for a line from now on
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (130, b"", "\ntorso: stopped.\n")


def test_every_command_that_runs_a_model(models: Path, tmp_path: Path) -> None:
    text = tmp_path / "texts.txt"
    text.write_text("我有大梦想\n今天天气很好\n", encoding="utf-8")
    done = finish("classify", "--model", models / "sequence", "--json", input=text.read_bytes())
    assert (done.status, done.err, len(done.rows)) == (0, "", 2)
    with text.open("rb") as stdin:
        done = finish("tag", "--model", models / "token", "--json", stdin=stdin)
    assert (done.status, done.err, len(done.rows)) == (0, "", 2)


def test_without_colours_where_nobody_looks(models: Path) -> None:
    done = finish(
        "tour",
        "我有",
        "--model",
        models / "sequence",
        env={"TERM": "xterm-256color", "LC_ALL": "zh_CN.UTF-8", "TORSO_LANG": ""},
    )
    assert done.status == 0
    assert done.err == ""
    assert "\x1b" not in done.out
    assert "模型从哪里来" in done.out


def test_a_fault_is_said_to_be_one() -> None:
    code = (
        "import sys, torso.cli.group as group\n"
        "def broken(self, ctx):\n    raise ZeroDivisionError('x')\n"
        "group.Commands.invoke = broken\n"
        "from torso.cli import main\nsys.exit(main(['list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "TORSO_DEBUG": ""}
    )
    assert done.returncode == 70
    assert "this is a fault of torso: ZeroDivisionError: x" in done.stderr
    assert "Traceback" not in done.stderr
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "TORSO_DEBUG": "1"}
    )
    assert "Traceback" in done.stderr
