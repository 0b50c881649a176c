"""Servers of small models: in the process, and as processes of their own on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from starlette.testclient import TestClient

import torso.serve
from generation import small as writing
from tasks import small
from torso.architecture import Task


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A folder for each task, made once."""
    home = tmp_path_factory.mktemp("served")
    small.save(home / "embed", Task.FEATURES)
    (home / "embed" / "modules.json").write_text(
        '[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},'
        '{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]'
    )
    (home / "embed" / "1_Pooling").mkdir()
    (home / "embed" / "1_Pooling" / "config.json").write_text(
        '{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true}'
    )
    small.save(home / "sentiment", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    small.save(home / "rank", Task.SEQUENCE_CLASSIFICATION, labels=["score"], seed=9)
    small.save(home / "nli", Task.SEQUENCE_CLASSIFICATION, labels=["entailment", "neutral", "contradiction"], seed=4)
    small.save(home / "tags", Task.TOKEN_CLASSIFICATION, labels=small.TAGS)
    small.save(home / "masked", Task.MASKED_LM)
    small.save(home / "spans", Task.QUESTION_ANSWERING)
    small.save(home / "choices", Task.MULTIPLE_CHOICE)
    for name, make in (("llama", writing.llama), ("t5", writing.t5)):
        (home / name).mkdir()
        make(home / name)
    return {path.name: path for path in home.iterdir()}


@contextmanager
def serving(models: Any, mode: Any = "exact", **settings: Any) -> Iterator[TestClient]:
    """A client of an application in this process."""
    made = torso.serve.app(models, torso.serve.ServeSettings(log=False, **settings), mode=mode)
    with TestClient(made, base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="session")
def client(folders) -> Iterator[TestClient]:
    """A client of a server of every task."""
    with serving({name: str(path) for name, path in folders.items()}) as made:
        yield made


class Process:
    """``torso serve`` as a process, on a port of its own; as a context, from when it is ready until it has ended.

    Args:
        arguments: of the command.
        before: called in the process before the command, such as to lower a limit.
        output: instead of pipes for what it prints.
    """

    def __init__(self, *arguments: str, before: Callable[[], None] | None = None, output: Any = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "torso", "serve", "--port", str(self.port), *arguments],
            stdout=output or subprocess.PIPE,
            stderr=output or subprocess.PIPE,
            preexec_fn=before,
        )

    def __enter__(self) -> Process:
        try:
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGTERM)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def wait_ready(self, seconds: float = 90) -> None:
        import httpx

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read().decode() if self.process.stderr else "it ended")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError("not ready")

    def worked(self) -> float:
        """Processor seconds that the server has taken: what other processes of the machine do does not count."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        if not stat.exists():
            return time.monotonic()
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(seconds)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def raw(self, *parts: bytes, pause: float = 0.0, seconds: float = 20.0) -> bytes:
        """Send bytes on one connection, and return all that comes until it is closed or silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    break
                time.sleep(pause)
            answer = b""
            try:
                while data := connection.recv(65536):
                    answer += data
            except OSError:
                pass
            return answer


@pytest.fixture(scope="session")
def process(folders) -> Iterator[Process]:
    """A process that serves vectors and texts."""
    with Process(f"embed={folders['embed']}", f"llama={folders['llama']}", "--deadline", "30") as made:
        yield made
