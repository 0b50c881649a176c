"""A route as an ASGI application."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import Request

from torso.language import language, speaking
from torso.serve.call import Call, ServerState
from torso.serve.exchange import Exchange
from torso.serve.guard import Guard
from torso.serve.route import Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_TIMEOUTS = {b"x-torso-timeout-ms": 1e-3, b"x-stainless-read-timeout": 1.0}
"""Headers by which a client states its patience, with their units in seconds."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        identity = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        call = Call(self.state, "", _deadline(request, self.state.settings.deadline, begun), {})
        exchange = Exchange(
            self.route, call, self.guard, request, send, names=self.names, identity=identity, begun=begun
        )
        self.state.active += 1
        self.state.metrics.running.inc()
        try:
            with speaking(language_of(request.headers.get("accept-language", ""))):
                await exchange.run()
        finally:
            self.state.active -= 1
            self.state.metrics.running.dec()
            exchange.record()


def _deadline(request: Request, seconds: float, begun: float) -> float:
    """Return the time by which a request must be answered: the server's, or an earlier one that the client states."""
    for name, value in request.scope["headers"]:
        unit = _TIMEOUTS.get(name)
        if unit is not None:
            with suppress(ValueError, OverflowError):
                stated = float(value) * unit
                if 0 < stated < seconds:
                    seconds = stated
    return begun + seconds


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
