"""The checkpoint, made once per run, and a current directory that holds it as ``rbt3``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checkpoint import make


@pytest.fixture(scope="session")
def rbt3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("models") / "rbt3")


@pytest.fixture
def beside(rbt3: Path, monkeypatch: pytest.MonkeyPatch, offline: None) -> Path:
    """The current directory is the one that holds the checkpoint's folder; no network."""
    monkeypatch.chdir(rbt3.parent)
    return rbt3
