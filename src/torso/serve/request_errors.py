"""Errors of requests: their HTTP status, and their bodies in each dialect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torso.errors import (
    ConfigError,
    FileFormatError,
    InputError,
    InputTypeError,
    LimitError,
    NotAvailableError,
    TooLongError,
    TorsoError,
    UnknownParameterError,
    UnsupportedError,
    UntrainedError,
)
from torso.language import language, sentences

Dialect = Literal["openai", "tei", "cohere"]
"""Whose error bodies a route answers with; torso's own routes use OpenAI's."""

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "server_error",
}
_TEI_TYPES = {424: "Backend", 429: "Overloaded", 503: "Unhealthy"}
_EMPTY: Mapping[str, object] = {}
_KEPT = 128


class RequestError(TorsoError, ValueError):
    """A request is refused or failed.

    Args:
        status: HTTP status.
        code: as in `TorsoError`.
        what: as in `TorsoError`.
        cure: as in `TorsoError`.
        values: as in `TorsoError`.
        param: field of the request that is wrong, such as ``input[3]``.
        kind: ``code`` of OpenAI's error bodies, where clients know one; None for ``code``.
        retry: seconds after which the client may try again; None to say nothing.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        what: str,
        *,
        where: str = "",
        cure: str = "",
        values: Mapping[str, object] = _EMPTY,
        param: str | None = None,
        kind: str | None = None,
        retry: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, what, where=where, cure=cure, values=values)
        self.status, self.param, self.kind, self.retry = status, param, kind, retry
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by value."""
        what, where, cure = self.templates
        given = dict(
            where=where, cure=cure, values=self.values, param=self.param, kind=self.kind, retry=self.retry,
            headers=self.headers,
        )  # fmt: skip
        return _rebuilt, (self.status, self.code, what, given)


def _rebuilt(status: int, code: str, what: str, given: dict[str, Any]) -> RequestError:
    return RequestError(status, code, what, **given)


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as an HTTP answer.

    Attributes:
        status: HTTP status.
        body: JSON object, in the dialect of the route.
        headers: headers beside the usual ones.
        code: torso's code, for the log.
    """

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict[str, str])
    code: str = ""


def error_answer(
    error: Exception, dialect: Dialect, *, names: Mapping[Path, str] | None = None, field_name: str = "input"
) -> ErrorAnswer:
    """Return the answer of an error.

    Args:
        error: any; what is not a `TorsoError` is a fault of torso, of which the body says no more than its kind.
        dialect: of the route.
        names: folders of models and the names they are served by: a body never holds a path.
        field_name: field of the request that held the texts.
    """
    if not isinstance(error, TorsoError):
        error = RequestError(
            500,
            "E_FAULT",
            "This is a fault of torso: {kind}.",
            cure="Please report it, with the lines that the server printed.",
            values=dict(kind=type(error).__name__),
        )
    status = status_of(error)
    code, param = error.code, getattr(error, "param", None)
    index = error.values.get("index")
    if param is None and isinstance(index, int) and status in (400, 413):
        param = f"{field_name}[{index}]"
    message = _told(error) if status == 429 else _message(error)
    for folder, name in (names or {}).items():
        message = message.replace(str(folder), name)
    headers = dict(error.headers) if isinstance(error, RequestError) else {}
    if isinstance(error, RequestError) and error.retry is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry)))
        headers["retry-after-ms"] = f"{error.retry * 1e3:.0f}"
    if status == 500:
        headers["x-should-retry"] = "false"
    if dialect == "tei":
        status = {400: 422, 500: 424}.get(status, status)
        empty = code in ("E_EMPTY", "E_EMPTY_TEXT")
        kind = "Empty" if empty else _TEI_TYPES.get(status, "Validation")
        return ErrorAnswer(status, {"error": message, "error_type": kind, "code": code}, headers, code)
    if dialect == "cohere":
        return ErrorAnswer(status, {"message": message, "code": code}, headers, code)
    known = "context_length_exceeded" if isinstance(error, TooLongError) else getattr(error, "kind", None)
    body = {"message": message, "type": _TYPES.get(status, _TYPES[400]), "param": param, "code": known or code}
    return ErrorAnswer(status, {"error": body}, headers, code)


def _message(error: TorsoError) -> str:
    return sentences((error.what, error.where, error.cure))


_TOLD: dict[object, str] = {}


def _told(error: TorsoError) -> str:
    """Return the message of a refusal; kept, since under overload most answers say the same."""
    key = (language(), *error.templates, *error.values.items())
    if key not in _TOLD:
        if len(_TOLD) > _KEPT:
            _TOLD.clear()
        _TOLD[key] = _message(error)
    return _TOLD[key]


def status_of(error: TorsoError) -> int:
    """Return the HTTP status of an error of the library or of a request."""
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, LimitError):
        return 500 if error.code == "E_MEMORY" else 413
    if error.code in ("E_TASK", "E_LABELS", "E_NO_HEAD", "E_TASK_UNSUPPORTED"):
        return 404
    wrong = (TooLongError, InputError, InputTypeError, UnknownParameterError, ConfigError, UnsupportedError)
    return 400 if isinstance(error, (*wrong, UntrainedError, NotAvailableError, FileFormatError)) else 500
