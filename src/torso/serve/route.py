"""A route of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from torso.serve.call import Call
from torso.serve.request_errors import Dialect

Handler = Callable[[Call], Awaitable[Any]]
"""Answers a request: a value for JSON, bytes for text, or an `EventStream`."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the server.

    Attributes:
        path: as Starlette writes it.
        handler: answers it.
        method: ``GET`` or ``POST``.
        dialect: whose error bodies it answers with.
        request: dataclass of the body; None without a body.
        answer: name of its answer in the OpenAPI document.
        field_name: field that holds the texts, for errors.
        open: whether it answers while the server loads or ends.
        media: content type of the answer.
        queued: whether its work waits for a model's engine.
    """

    path: str
    handler: Handler
    method: str = "POST"
    dialect: Dialect = "openai"
    request: type[Any] | None = None
    answer: str = ""
    field_name: str = "input"
    open: bool = False
    media: str = "application/json"
    queued: bool = True
