"""Bodies of requests to typed values: strict JSON, known fields, nearest names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from torso.io.strict_json import nests_deeper
from torso.serve.request_errors import RequestError

T = TypeVar("T")

_FLAT = 500
"""Lists and objects that a reader may follow one into another without coming near the end of its stack."""
_PLACE = re.compile(r"^(?P<what>.*?) - at `(?:key in )?\$\.?(?P<place>[^`]*)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


@dataclass(frozen=True, slots=True)
class Decoded(Generic[T]):
    """A decoded body.

    Attributes:
        value: of the route's type.
        ignored: fields that were taken and have no effect.
    """

    value: T
    ignored: tuple[str, ...]


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; of equal keys the last one counts.

    Raises:
        RequestError: E_JSON.
    """
    if body.count(b"[") + body.count(b"{") > _FLAT and nests_deeper(body.decode("utf-8", "replace")):
        raise _not_json("it is nested too deeply")
    try:
        value: object = msgspec.json.decode(body)
    except RecursionError:
        raise _not_json("it is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise _not_json(str(error)) from None
    if not isinstance(value, dict):
        raise _not_json(f"it is {type(value).__name__}, not an object")
    return cast("dict[str, Any]", value)


def _not_json(problem: str) -> RequestError:
    return RequestError(
        400,
        "E_JSON",
        "The body is not a JSON object: {problem}.",
        cure="Send UTF-8 JSON, such as {{}}, with content-type: application/json.",
        values=dict(problem=problem[:200]),
    )


def decoded(
    values: Mapping[str, Any],
    kind: type[T],
    *,
    silent: Collection[str] = (),
    extensions: Collection[str] = (),
    unsupported: Collection[str] = (),
    take_unknown: bool = False,
) -> Decoded[T]:
    """Convert the fields of a request to a dataclass, without coercion.

    Args:
        values: the JSON object.
        kind: a dataclass whose fields are those of the dialect.
        silent: fields of the dialect that cannot change the result here.
        extensions: fields of common clients that have no effect; they are named in the answer.
        unsupported: fields of the dialect that would change the result; refused unless null or false.
        take_unknown: whether other unknown fields are taken as ``extensions`` are.

    Raises:
        RequestError: E_FIELD for a field that is unknown, missing, of the wrong type, or not implemented.
    """
    known = _names(kind)
    ignored: list[str] = []
    for name, value in () if values.keys() <= known else values.items():
        if name in known or name in silent:
            continue
        if name in unsupported:
            if value is not None and value is not False:
                raise not_implemented(name)
        elif name in extensions or take_unknown:
            ignored.append(name)
        else:
            raise _unknown(name, known)
    try:
        made = msgspec.convert(values, kind)  # it takes no notice of other names
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from None
    except (OverflowError, RecursionError) as error:
        raise _wrong(str(error)) from None
    return Decoded(made, tuple([name for name in ignored if name.isidentifier()][:16]) if ignored else ())


def not_implemented(name: str, value: object = None) -> RequestError:
    """Return the error for a field, or a value of one, that torso does not implement."""
    return RequestError(
        400,
        "E_UNSUPPORTED",
        "{name} is not implemented here." if value is None else "{name} with {value!r} is not implemented here.",
        cure="Leave {name} out.",
        values=dict(name=name, value=value),
        param=name,
    )


@cache
def _names(kind: type[Any]) -> frozenset[str]:
    return frozenset(each.name for each in fields(kind))


def required(kind: type[Any]) -> list[str]:
    """Return the fields of a dataclass without a default."""
    return [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]


def _unknown(name: str, known: Collection[str]) -> RequestError:
    nearest = get_close_matches(name, known, 1)
    return RequestError(
        400,
        "E_FIELD",
        "There is no field {name!r} in this request.",
        cure="Did you mean {nearest}?" if nearest else "Leave it out; torso serve --unknown-fields take ignores such.",
        values=dict(name=name[:60], nearest=nearest[0] if nearest else ""),
        param=name[:60],
    )


def _wrong(problem: str) -> RequestError:
    found = _PLACE.match(problem)
    what, place = (found["what"], found["place"]) if found else (problem, "")
    missing = _MISSING.search(what)
    if missing:
        place = f"{place}.{missing['name']}" if place else missing["name"]
        return RequestError(
            400,
            "E_FIELD",
            "The field {field} is missing.",
            cure="See /openapi.json for what the route takes.",
            values=dict(field=place),
            param=place,
        )
    return RequestError(
        400,
        "E_FIELD",
        "{field} is wrong: {problem}.",
        cure="See /openapi.json for what the route takes.",
        values=dict(field=place or "body", problem=what[:200]),
        param=place or None,
    )
