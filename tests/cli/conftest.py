"""The command line in this process and in its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks import small
from torso.architecture import Task
from torso.cli import main


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``sequence``, ``nli``, ``rank``, ``token``, ``masked``, ``span`` and ``choice`` models."""
    home = tmp_path_factory.mktemp("models")
    small.save(home / "sequence", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    small.save(home / "token", Task.TOKEN_CLASSIFICATION, labels=small.TAGS)
    small.save(home / "masked", Task.MASKED_LM)
    small.save(home / "nli", Task.SEQUENCE_CLASSIFICATION, labels=["contradiction", "neutral", "entailment"])
    small.save(home / "rank", Task.SEQUENCE_CLASSIFICATION, labels=["score"])
    small.save(home / "span", Task.QUESTION_ANSWERING)
    small.save(home / "choice", Task.MULTIPLE_CHOICE)
    return home


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in this process: ``call("classify", "我", model=folder, input="")``."""

    def run(*arguments: object, input: bytes | None = None) -> Result:
        stdin = io.TextIOWrapper(io.BytesIO(input or b""), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stdin)
        capsys.readouterr()
        status = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


def start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "torso.cli", *(str(each) for each in arguments)],
        stdin=options.pop("stdin", subprocess.PIPE),
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        env={**os.environ, **options.pop("env", {})},
        **options,
    )


def finish(*arguments: object, input: bytes = b"", **options: Any) -> Result:
    """The result of a command in a process of its own."""
    process = start(*arguments, **options)
    out, err = process.communicate(input, timeout=120)
    return Result(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
