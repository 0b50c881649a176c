"""Dataclasses of JSON values, held to their annotations: what a file says is of the types that the code relies on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def typed(kind: Callable[..., T], value: object) -> T:
    """Return a dataclass of a JSON object.

    Lists become tuples, and objects dataclasses, where the annotations say so.

    Args:
        kind: a dataclass whose annotations are made of plain types, literals, unions, tuples and mappings.
        value: the object.

    Raises:
        ValueError: for what is no object of the dataclass's fields and their types; what the dataclass itself raises.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{type(value).__name__} in place of an object")
    given = cast("Mapping[object, object]", value)
    hints = _hints(kind)
    unknown = [name for name in given if name not in hints]
    missing = [name for name in _required(kind) if name not in given]
    if unknown or missing:
        raise ValueError(f"unknown {unknown[:3]}, missing {missing[:3]}")
    values = {str(name): fitted(each, hints[str(name)], str(name)) for name, each in given.items()}
    return kind(**values)


def fitted(value: object, hint: Any, name: str) -> Any:
    """Return a JSON value as an annotation has it.

    Raises:
        ValueError: naming the value's place and its type.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return value
    if origin is Literal:
        if any(value == each and type(value) is type(each) for each in arguments):
            return value
    elif origin in (Union, UnionType):
        for each in arguments:
            try:
                return fitted(value, each, name)
            except ValueError:
                continue
    elif origin is tuple:
        if isinstance(value, Sequence) and not isinstance(value, str):
            items = cast("Sequence[object]", value)
            kinds = [arguments[0]] * len(items) if arguments[-1] is ... else list(arguments)
            if len(items) == len(kinds):
                return tuple(fitted(each, kind, name) for each, kind in zip(items, kinds, strict=True))
    elif origin in (dict, Mapping):
        if isinstance(value, Mapping):
            table = cast("Mapping[object, object]", value)
            return {fitted(key, arguments[0], name): fitted(each, arguments[1], name) for key, each in table.items()}
    elif hasattr(hint, "__dataclass_fields__"):
        return typed(hint, value)
    elif _is_plain(value, hint):
        return value
    raise ValueError(f"{name} is {str(cast(object, value))[:40]!r}")


def _is_plain(value: object, hint: Any) -> bool:
    if hint is None or hint is NoneType:
        return value is None
    if isinstance(value, bool):
        return hint is bool
    if hint is float:
        return isinstance(value, (int, float)) and _is_float(value)
    return isinstance(value, hint)


def _is_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that fits no float
        return False


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return {each.name: get_type_hints(kind)[each.name] for each in fields(kind)}


@cache
def _required(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING)
