"""Options: what a type checker reads in the overloads is what the functions accept at run time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, ForwardRef, get_overloads

import pytest

from torso import tasks
from torso.tasks import task_options

WITH_OVERLOADS = (
    "answer",
    "choose",
    "classify",
    "embed_multi_vector",
    "embed_sparse",
    "encode",
    "fill",
    "generate",
    "rerank",
    "similar",
    "summarise",
    "tag",
    "translate",
    "zero_shot",
)


def options_of(name: str) -> type:
    return getattr(task_options, "".join(word.capitalize() for word in name.split("_")) + "Options")


def test_every_task_with_overloads_is_tested_here() -> None:
    found = set()
    for name in tasks.__all__:
        value = getattr(tasks, name)
        if inspect.isfunction(value) and get_overloads(value):
            found.add(value.__name__)
    assert found == set(WITH_OVERLOADS)


@pytest.mark.parametrize("name", WITH_OVERLOADS)
def test_the_options_are_the_keywords_of_the_function(name: str) -> None:
    function: Callable[..., Any] = getattr(tasks, name)
    keywords = {
        each.name: each
        for each in inspect.signature(function).parameters.values()
        if each.kind is each.KEYWORD_ONLY and each.name != "model"
    }
    stated = {key: _written(kind) for key, kind in options_of(name).__annotations__.items()}
    assert stated == {key: each.annotation for key, each in keywords.items()}
    assert all(each.default is not each.empty for each in keywords.values()), "every option has a default"


@pytest.mark.parametrize("name", WITH_OVERLOADS)
def test_every_overload_unpacks_the_options_of_its_task(name: str) -> None:
    function = getattr(tasks, name)
    for overload in get_overloads(function):
        last = list(inspect.signature(overload).parameters.values())[-1]
        assert last.kind is last.VAR_KEYWORD
        assert last.annotation == f"Unpack[{options_of(name).__name__}]"
        assert getattr(import_module(function.__module__), options_of(name).__name__) is options_of(name)


@pytest.mark.parametrize("name", WITH_OVERLOADS)
def test_a_misspelt_option_is_refused_at_run_time(name: str) -> None:
    with pytest.raises(TypeError, match="bugdet"):
        getattr(tasks, name)("text", bugdet=1)


def _written(kind: object) -> str:
    return kind.__forward_arg__ if isinstance(kind, ForwardRef) else str(kind)
