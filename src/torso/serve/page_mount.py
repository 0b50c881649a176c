"""The page as routes of the server: behind its hosts, its keys and its limits, in turn with its engines."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from torso.language import speaking
from torso.serve.batch_scheduler import Refusal
from torso.serve.call import ServerState
from torso.serve.endpoint import language_of
from torso.serve.exchange import STALLED
from torso.serve.guard import Guard
from torso.serve.queue_errors import late, refused, stuck_error
from torso.serve.request_errors import error_answer
from torso.serve.server_rows import ServerRows
from torso.serve.turns import Turns
from torso.view.page_application import PageApplication, app
from torso.view.page_guard import API

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

MOST_AT_A_TIME = 16
"""Requests of data that are answered at a time, of all pages together."""
_TURN = 0.2  # seconds of a turn on the cores, as the page's share is reckoned


class MountedPage:
    """ASGI application of ``/`` and ``/view``.

    Its models are those of the server, loaded once: what the page runs takes its turn with the engines. Where keys are
    asked for, a browser asks its user for one, as a password.

    Args:
        state: what all requests share.
        guard: who may call.
        turns: on the cores.
        token: that requests of data must carry, for the one user of a server of this machine, who may also fetch and
            remove models; empty for a page that only shows what is served, to whoever may call.
    """

    def __init__(self, state: ServerState, guard: Guard, turns: Turns, token: str) -> None:
        self.state, self.guard = state, guard
        self.rows = ServerRows(state)
        self._turns, self._running = turns, 0
        self._page: PageApplication = app(
            {name: model.ready for name, model in state.models.models.items()},
            admin=bool(token),
            token=token or None,
            hosts=None,
            turn=self._turn,
            sources=_sources(state),
            server=self.rows.rows,
            served=lambda: [model.about() for model in state.models.models.values()],
        )

    def leave(self) -> None:
        """End what only waits for something to happen: nobody drains a server that watches a download."""
        self._page.leave()

    def stop(self) -> None:
        """End what the page has begun."""
        self._page.stop()

    @contextmanager
    def _turn(self) -> Generator[None]:
        with self._turns.turn("page", _TURN, patience=self.state.settings.deadline):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begun = time.monotonic()
        request, state = Request(scope, receive), self.state
        data = scope["path"].removeprefix(scope.get("root_path", "")).startswith(API)
        status, code, client = 0, "", ""

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await asyncio.wait_for(send(message), STALLED)

        state.active += 1
        self._running += data
        try:
            client = self.guard.client(scope, browser=True)
            if data:
                self._admit()
            async with asyncio.timeout(state.settings.deadline):
                await self._page(scope, receive, sending)
        except Exception as error:
            if status:
                raise
            with speaking(language_of(request.headers.get("accept-language", ""))):
                answer = error_answer(late() if isinstance(error, TimeoutError) else error, "openai")
            code = answer.code
            state.metrics.refused.labels(code).inc()
            headers = {"content-type": "application/json", "cache-control": "no-store", **answer.headers}
            await Response(orjson.dumps(answer.body), answer.status, headers)(scope, receive, sending)
        finally:
            state.active -= 1
            self._running -= data
            route = API if data else "/view"
            state.metrics.requests.labels(route, str(status)).inc()
            if status >= 400 or request.method not in ("GET", "HEAD"):
                line: dict[str, Any] = {"id": secrets.token_hex(8), "client": client, "route": route}
                line |= {"status": status, "code": code, "ms": round((time.monotonic() - begun) * 1e3, 2)}
                state.log.write(line)

    def _admit(self) -> None:
        """Refuse data while the server loads, ends or hangs, and what is too much at a time.

        Raises:
            RequestError: E_LOADING, E_DRAINING, E_STUCK, E_OVERLOADED.
        """
        self.state.refuse_unless_ready()
        if any(model.stuck() for model in self.state.models.models.values()):
            raise stuck_error()
        if self._running > MOST_AT_A_TIME:
            raise refused(Refusal("full", 1.0))


def _sources(state: ServerState) -> dict[str, str]:
    """Return what Python names the server's models by: as they were named to the server, beside which that works.

    Of an absolute path only the end: where things lie on this machine is nobody's business.
    """
    found: dict[str, str] = {}
    for name, model in state.models.models.items():
        if model.source:
            found[name] = f"./{Path(model.source).name}" if Path(model.source).is_absolute() else model.source
    return found
