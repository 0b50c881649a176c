"""Misspelt keywords of every public function: an error that names the one that was meant, or none, never a far one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from inspect import Parameter, isfunction, signature
from typing import Any

import pytest

import torso
from torso.errors import TorsoError
from torso.io.arguments import own_arguments

FAR = ("zzzz", "qwertyuiop", "x1")


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every public function of the package and every constructor by name of its Auto classes."""
    for name in sorted(torso.__all__):
        value = getattr(torso, name)
        if isfunction(value):
            yield name, value
        elif name.startswith("Auto"):
            for method in ("from_pretrained", "from_config"):
                if hasattr(value, method):
                    yield f"{name}.{method}", getattr(value, method)


def refused(function: Callable[..., object], wrong: str) -> TorsoError:
    """The error of a call with that keyword, and with all that it needs by place where more is taken by name."""
    takes = signature(function).parameters.values()
    places: list[Any] = []
    if any(each.kind is Parameter.VAR_KEYWORD for each in takes):
        places = ["text-classification" for each in takes if each.default is each.empty and each.kind < 2]
    with pytest.raises(TorsoError) as caught:
        function(*places, **{wrong: None})
    assert wrong in str(caught.value)
    return caught.value


def slips(name: str) -> Iterator[str]:
    """One letter dropped, doubled, or exchanged with the next, at every place of a name."""
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
        yield name[: place + 1] + name[place:]
        yield name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


@pytest.mark.parametrize("where", [name for name, _ in functions()])
def test_a_misspelt_keyword_names_the_one_that_was_meant_or_none(where) -> None:
    function = dict(functions())[where]
    known = own_arguments(function)
    for right in known:
        for wrong in {*slips(right)} - {*known, ""}:
            if len(wrong) < 2:
                continue
            meant = refused(function, wrong).values.get("nearest")
            if meant is not None:
                alike = SequenceMatcher(None, wrong, str(meant)).ratio()
                assert meant == right or alike >= SequenceMatcher(None, wrong, right).ratio() - 0.05, (wrong, meant)


@pytest.mark.parametrize("where", [name for name, _ in functions()])
def test_nonsense_names_none(where) -> None:
    function = dict(functions())[where]
    for wrong in FAR:
        assert refused(function, wrong).values.get("nearest") is None, wrong
