"""The families under contract: small configs that together exercise every option of each.

A new architecture adds one module here with a table ``FAMILIES``, and every test of this folder holds it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from torso.architecture import architectures

from .kinds import CASES, Case, Family


def _collected() -> dict[str, Family]:
    names = sorted(each.name for each in iter_modules(__path__) if each.name != "kinds")
    families: dict[str, Family] = {}
    for name in names:
        families |= import_module(f"{__name__}.{name}").FAMILIES
    return families


FAMILIES: Mapping[str, Family] = _collected()


UNREFERENCED = frozenset({"jina_bert", "model2vec", "nezha"})
"""Families that transformers has no class of, held to other references: test_inferred_model_type.py,
test_nezha.py, and tests/tasks/test_static_embeddings.py."""


@cache
def registered() -> Mapping[str, Any]:
    """The package's own architectures by first model type, but for those that tests register and `UNREFERENCED`."""
    own = (each for each in architectures() if each.config.__module__.startswith("torso.models."))
    return {each.model_types[0]: each for each in own if each.model_types[0] not in UNREFERENCED}


@cache
def cases_of(model_type: str) -> Mapping[str, Case]:
    """The cases of a family: those whose task it has."""
    tasks = registered()[model_type].tasks
    more = FAMILIES[model_type].values
    return {
        name: replace(case, values={**case.values, **more.get(name, {})})
        for name, case in CASES.items()
        if case.task in tasks
    }
