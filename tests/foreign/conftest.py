"""Fixtures of the foreign tests: the rig, and where the foreign programs are."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.conftest import Machine, Rig, machine, rig
from hub.test_git import git

from .install import python_of, tool

__all__ = ["git", "machine", "rig"]


@dataclass
class Foreign:
    """The folder that `install` filled."""

    folder: Path

    def python(self, name: str, code: str, *arguments: str | Path) -> str:
        """What a program prints in one of the environments; its failure is the test's."""
        return self.run([python_of(self.folder, name), "-c", code, *arguments])

    def run(self, command: list[str | Path], **environment: str) -> str:
        """What a command prints; its failure is the test's."""
        variables = os.environ | environment
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tool(self, name: str) -> Path:
        """git-lfs or nginx."""
        return tool(self.folder, name)


@pytest.fixture(scope="session")
def foreign() -> Foreign:
    """The foreign programs; `install.py` must have run."""
    folder = Path(os.environ["TORSO_FOREIGN"]).resolve()
    assert python_of(folder, "hub2").exists(), f"first: python tests/foreign/install.py {folder}"
    return Foreign(folder)


__all__ += ["Foreign", "Machine", "Rig"]
