"""Folders of small models, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from torso.architecture import Task

from . import small


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``sequence``, ``token`` and ``masked`` models."""
    home = tmp_path_factory.mktemp("models")
    small.save(home / "sequence", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    small.save(home / "token", Task.TOKEN_CLASSIFICATION, labels=small.TAGS)
    small.save(home / "masked", Task.MASKED_LM)
    return home
