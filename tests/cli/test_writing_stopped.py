"""Ctrl-C while a model writes: one line, whole rows, nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from generation import small

from .conftest import start


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that would write for minutes."""
    return _endless(small.llama(tmp_path_factory.mktemp("m") / "llama", max_new_tokens=90_000))


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.t5(tmp_path_factory.mktemp("m") / "t5")


def _endless(folder: Path) -> Path:
    file = folder / "config.json"
    told = json.loads(file.read_text())
    told.pop("eos_token_id")
    file.write_text(json.dumps({**told, "max_position_embeddings": 100_000}))
    return folder


def stopped(process: subprocess.Popen[bytes]) -> bytes:
    """What is still printed after Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err.decode()) == (130, "\ntorso: stopped.\n")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return out


@pytest.mark.parametrize("command", [("generate", "hello", "--stream"), ("chat", "hello"), ("chat",)])
def test_while_a_text_streams(llama: Path, command: tuple[str, ...]) -> None:
    process = start(*command, "--model", llama, start_new_session=True)
    assert process.stdin is not None
    assert process.stdout is not None
    if command == ("chat",):
        process.stdin.write(b"hello\n")
        process.stdin.flush()
    assert process.stdout.read(1), "nothing was written"
    stopped(process)


@pytest.mark.parametrize("command", ["generate", "translate", "summarise"])
def test_while_many_texts_are_written(t5: Path, tmp_path: Path, command: str) -> None:
    lines = tmp_path / "texts.txt"
    lines.write_bytes(b"hello\n" * 50_000)
    # Without a buffer: what it holds when the rest is read by `communicate` would be missing from the rows.
    given = ("--file", lines, "--model", t5, "--batch", 1, "--json")
    process = start(command, *given, start_new_session=True, bufsize=0)
    assert process.stdout is not None
    first = process.stdout.readline()
    rows = [first, *stopped(process).splitlines()]
    assert len(rows) < 50_000
    assert all(json.loads(row)["prompt"] == "hello" for row in rows), "half a row"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["texts.txt"]
