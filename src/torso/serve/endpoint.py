"""A route as an ASGI application."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from torso.language import language, speaking
from torso.serve.call import Call, ServerState
from torso.serve.exchange import Exchange
from torso.serve.guard import Guard
from torso.serve.route import Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_TIMEOUTS = {b"x-torso-timeout-ms": 1e-3, b"x-stainless-read-timeout": 1.0}
"""Headers by which a client states its patience, with their units in seconds."""
_PROCESS, _COUNT = secrets.token_hex(4).encode(), count()
"""What requests without an id of their own are told apart by."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")


class Endpoint:
    """A route as an ASGI application.

    Args:
        route: the route.
        state: what all requests share.
        guard: who may call.
    """

    def __init__(self, route: Route, state: ServerState, guard: Guard) -> None:
        self.route, self.state, self.guard = route, state, guard
        models = state.models.models.items()
        self.names = {model.ready.folder: name for name, model in models if model.ready.folder is not None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begun = time.monotonic()
        headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))  # of equal names the first
        given = headers.get(b"x-request-id")
        if given is None or not _REQUEST_ID.fullmatch(given):
            given = _PROCESS + b"%08x" % (next(_COUNT) & 0xFFFFFFFF)
        call = Call(self.state, "", begun + _patience(headers, self.state.settings.deadline), {})
        exchange = Exchange(
            self.route, call, self.guard, scope, receive, send,
            headers=headers, names=self.names, identity=given, begun=begun,
        )  # fmt: skip
        accept = headers.get(b"accept-language")
        self.state.active += 1
        try:
            if accept is None:
                await exchange.run()
            else:
                with speaking(language_of(accept.decode("latin-1"))):
                    await exchange.run()
        finally:
            self.state.active -= 1
            exchange.record()


def _patience(headers: Mapping[bytes, bytes], seconds: float) -> float:
    """Return the seconds in which a request must be answered: the server's, or fewer that the client states."""
    for name, unit in _TIMEOUTS.items():
        if (value := headers.get(name)) is not None:
            with suppress(ValueError, OverflowError):
                stated = float(value) * unit
                if 0 < stated < seconds:
                    seconds = stated
    return seconds


def language_of(accept: str) -> str:
    """Return the language of ``Accept-Language`` that torso has; else the server's."""
    if not accept:
        return language()
    best, quality = language(), 0.0
    for part in accept.lower().split(",")[:20]:
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        main = name.partition("-")[0]
        if main in ("zh", "en") and weight > quality:
            best, quality = main, weight
    return best
