"""Snippets of model cards and frameworks: each works, or is refused by name."""

from __future__ import annotations

import importlib.util
import math
import re
from typing import Any

import pytest
import torch

from torso.errors import TorsoError

from .snippets import listed
from .snippets.models import make

SNIPPETS = listed()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return make(tmp_path_factory.mktemp("snippets"))


def finite(value: Any) -> bool:
    if isinstance(value, str):
        return True
    if isinstance(value, dict):
        return all(finite(each) for each in value.values())
    if isinstance(value, list | tuple):
        return bool(value) and all(finite(each) for each in value)
    if isinstance(value, bool | int | float):
        return math.isfinite(value)
    if hasattr(value, "tolist"):
        return bool(torch.isfinite(torch.as_tensor(value).float()).all())
    return value is not None


def test_sixty_are_listed() -> None:
    assert len(SNIPPETS) >= 60
    assert len({source for source, *_ in SNIPPETS}) == len(SNIPPETS)


@pytest.mark.parametrize("number", range(len(SNIPPETS)), ids=[source for source, *_ in SNIPPETS])
@pytest.mark.filterwarnings("ignore")  # of the frameworks
def test_it_works_or_is_refused_by_name(number, folders, offline, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, model, refused, code = SNIPPETS[number]
    for package in re.findall(r"^from (langchain_core|llama_index|chromadb)", code, re.MULTILINE):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    space: dict[str, Any] = {"M": folders[model]}
    if refused:
        with pytest.raises(TorsoError) as caught:
            exec(code, space)
        assert caught.value.code == refused
        return
    exec(code, space)
    bound = re.findall(r"^ *(\w+) = ", code, re.MULTILINE)[-1]
    assert finite(space[bound]), bound
