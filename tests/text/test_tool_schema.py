"""Python functions as tools: the schemas are those of transformers, and what has none is refused by name."""

from __future__ import annotations

import enum
import functools
from typing import Any, Literal, Optional, Union

import pytest

from lazy import LazyName
from torso.errors import InputError, InputTypeError
from torso.text.tool_schema import schema, schemas

get_json_schema = LazyName("transformers.utils", "get_json_schema")


class Unit(enum.Enum):
    CELSIUS = "c"
    KELVIN = "k"


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"
    NONE = None


def weather(city: str):
    """Weather.

    Args:
        city: where
    """


def defaults(city: str, days: int = 3, exact: bool = False, factor: float = 1.5) -> str:
    """The forecast, in words.

    It has two paragraphs.

    Args:
        city: the name of the city,
            which may go on here
        days: how many days: from one to nine

        exact: whether to be exact
        factor:
            on a line of its own

    Returns:
        What it says,
        on two lines.

    Raises:
        ValueError: never
    """
    return city


def kinds(
    unit: Unit,
    mixed: Mixed,
    choice: Literal["a", 1, None],
    words: list[str],
    anything: Any,
    nested: dict[str, list[int]],
    pair: tuple[int, str],
    either: int | str,
    perhaps: Optional[int] = None,  # noqa: UP045 - as people write it
    complicated: Union[list[int], dict[str, int], None] = None,  # noqa: UP007
    bare: list = [],  # noqa: B006
    table: dict = {},  # noqa: B006
    text_or_none: str | None = None,
    same: list | tuple = (),
) -> Unit:
    """Kinds.

    Args:
        unit: a
        mixed: b
        choice: c
        words: d (choices: ["x", " y "])
        anything: e
        nested: f
        pair: g
        either: h
        perhaps: i
        complicated: j
        bare: k
        table: l
        text_or_none: m
        same: n
    """
    return unit


def no_arguments() -> dict[str, int]:
    """Gives nothing.

    Returns:
        A table.
    """
    return {}


def strange_result(text: str) -> InputError:
    """A result that has no form.

    Args:
        text: 中文说明 & more
    """
    raise NotImplementedError


class Calendar:
    def find(self, day: str, limit: int = 5):
        """Finds events.

        Args:
            day: such as 2026-11-29
            limit: how many
        """


@pytest.mark.parametrize("tool", [weather, defaults, kinds, no_arguments, strange_result, Calendar().find])
def test_schemas_are_those_of_transformers(tool):
    expected = get_json_schema(tool)
    assert schema(tool) == expected
    assert str(schema(tool)) == str(expected)  # in the same order, which a template shows


def undocumented(city: str):
    pass


def unhinted(city):
    """Weather.

    Args:
        city: where
    """


def undescribed(city: str, day: str):
    """Weather.

    Args:
        city: where
    """


def of_a_class(city: InputError):
    """Weather.

    Args:
        city: where
    """


def of_any_length(city: tuple[int, ...]):
    """Weather.

    Args:
        city: where
    """


def unresolved(city: Nowhere):  # noqa: F821
    """Weather.

    Args:
        city: where
    """


def wrong_choices(city: str):
    """Weather.

    Args:
        city: where (choices: [a, b])
    """


@pytest.mark.parametrize(
    "tool", [undocumented, unhinted, undescribed, of_a_class, of_any_length, unresolved, wrong_choices]
)
def test_functions_that_cannot_be_described_are_refused(tool):
    with pytest.raises(Exception):  # noqa: B017, PT011 - of transformers
        get_json_schema(tool)
    with pytest.raises(InputError) as caught:
        schemas([weather, tool])
    assert caught.value.code == "E_TOOL"
    assert tool.__name__ in str(caught.value)


@pytest.mark.parametrize("tool", ["weather", 1, None, functools.partial(weather), Calendar])
def test_what_is_no_tool_is_refused(tool):
    with pytest.raises(InputTypeError, match="Tool 1") as caught:
        schemas([weather, tool])
    assert caught.value.code == "E_TOOL"
