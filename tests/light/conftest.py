"""What stands in an environment without PyTorch; it is run in one with PyTorch as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

EXPECTED = Path(__file__).with_name("expected.json")


@pytest.fixture(scope="session")
def has_torch() -> bool:
    """Whether PyTorch is installed; ``make test-light`` says that it must not be."""
    there = find_spec("torch") is not None
    assert not (there and os.environ.get("TORSO_LIGHT")), "this environment is to be without PyTorch"
    return there


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """Answers of the bundled models, by PyTorch."""
    return json.loads(EXPECTED.read_text(encoding="utf-8"))


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command() -> Command:
    """The command line in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "torso", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    return run
