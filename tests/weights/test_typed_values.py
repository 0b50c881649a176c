"""Dataclasses of JSON values: what fits the annotations is taken, everything else is one error with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from torso.io.typed_values import typed
from torso.training.train_settings import TrainSettings


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.5


@dataclass(frozen=True)
class Shape:
    name: str
    points: tuple[Point, ...]
    pair: tuple[float, float] = (0.0, 1.0)
    kind: Literal["open", "closed"] = "open"
    notes: Mapping[str, str] | None = None
    closed: bool = False
    free: Any = None


RIGHT: dict[str, object] = {"name": "a", "points": [{"x": 1}, {"x": 2, "y": 3}], "notes": {"a": "b"}}


def test_lists_become_tuples_and_objects_dataclasses() -> None:
    assert typed(Shape, RIGHT) == Shape("a", (Point(1), Point(2, 3)), notes={"a": "b"})
    assert typed(Shape, json.loads(json.dumps(asdict(typed(Shape, RIGHT))))) == typed(Shape, RIGHT)


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3}, {"name": None}, {"points": {}}, {"points": [{}]}, {"points": [{"x": True}]}, {"points": "ab"},
        {"points": [{"x": 1.0}]}, {"points": [{"x": 1, "z": 2}]}, {"pair": [1]}, {"pair": [1, "2"]}, {"kind": "ajar"},
        {"kind": ["open"]}, {"notes": {"a": 1}}, {"notes": []}, {"closed": 0}, {"unknown": 1}, {"pair": [1, 10**400]},
        {"pair": [1, float("nan")]},
    ],
    ids=str,
)  # fmt: skip
def test_another_kind_is_an_error(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="x|unknown|in place of an object|" + next(iter(change))):
        typed(Shape, RIGHT | change)


@pytest.mark.parametrize("value", [None, [], "a", 1, [RIGHT]])
def test_no_object(value: object) -> None:
    with pytest.raises(ValueError, match="in place of an object"):
        typed(Shape, value)


ODD = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=3),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.dictionaries(some.sampled_from([each.name for each in fields(TrainSettings)]), ODD, max_size=3))
def test_settings_of_a_file_are_settings_or_refused(values: dict[str, object]) -> None:
    from torso.errors import InputError

    try:
        made = TrainSettings.of(values)
    except InputError:
        return
    assert TrainSettings.of(json.loads(json.dumps(made.plain()))) == made
