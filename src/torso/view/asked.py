"""What a handler of the page is given, and what it gives back; independent of any web framework."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from torso.errors import InputError, InputTypeError

JSON = "application/json"
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        path: variables of the path.
        query: parameters of the query.
        body: the object of a JSON body; empty for a request without one.
    """

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text of the body, or of the query.

        Raises:
            InputTypeError: ``E_REQUEST``, if it is missing or no text.
        """
        value = self.body.get(name, self.query.get(name, default))
        if not isinstance(value, str):
            raise wrong_type(name, "a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text of the body or the query; None if it is missing, null or empty."""
        value = self.body.get(name, self.query.get(name))
        if value is not None and not isinstance(value, str):
            raise wrong_type(name, "a text")
        return value or None

    def number(self, name: str, default: float, least: float, most: float) -> float:
        """Return a number of the body.

        Raises:
            InputTypeError, InputError: ``E_REQUEST``, if it is no number, or outside its range.
        """
        value = self.body.get(name, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise wrong_type(name, "a number")
        if not least <= value <= most:
            raise InputError(
                "E_REQUEST",
                "{name} is {value}; it must be between {least} and {most}.",
                cure="Send a number in that range.",
                values=dict(name=name, value=value, least=least, most=most),
            )
        return value

    def table(self, name: str) -> dict[str, Any]:
        """Return an object of the body; empty if it is missing."""
        value = self.body.get(name, {})
        if not isinstance(value, dict):
            raise wrong_type(name, "an object")
        return cast("dict[str, Any]", value)


def wrong_type(name: str, wanted: str) -> InputTypeError:
    """Return the error for a field of a request that is missing or of another type."""
    return InputTypeError(
        "E_REQUEST",
        "{name} is missing, or is not {wanted}.",
        cure="Send {name} in the JSON object of the request.",
        values=dict(name=name, wanted=wanted),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        body: its bytes, or pieces of them that are sent as they come.
        kind: its content type.
        status: of HTTP.
        headers: further headers.
    """

    body: bytes | Iterator[bytes]
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def json_answer(value: object, status: int = 200) -> Answer:
    """Return a value as JSON; arrays of NumPy are written as lists, NaN and infinity as null."""
    import orjson

    try:
        body = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:
        # Whole numbers beyond 64 bits and lone surrogates, which a checkpoint may hold.
        body = json.dumps(value, default=_plain).encode()
    return Answer(body, status=status)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
