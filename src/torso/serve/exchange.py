"""One request and its answer: body, handler, disconnection, JSON or events, log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

import torso
from torso.serve.answer_json import dumped, dumped_at_once, is_long
from torso.serve.body_decoding import json_object
from torso.serve.body_reading import Body
from torso.serve.call import Call, EventStream, Reply, in_thread
from torso.serve.client_connection import CONNECTION, ClientConnection
from torso.serve.guard import Guard
from torso.serve.request_errors import ErrorAnswer, error_answer
from torso.serve.route import Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    Headers = list[tuple[bytes, bytes]]

_PHASES = {"queue": b"x-queue-time", "tokenization": b"x-tokenization-time", "inference": b"x-inference-time"}
_ALWAYS = (
    (b"x-torso-version", torso.__version__.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_KEEP_OPEN = 10.0  # seconds of silence after which a comment is sent on an event stream
_NONE: Mapping[str, str] = {}
STALLED = 30.0
"""Seconds after which a client that does not read an event stream loses it."""


class Exchange:
    """One request and its answer.

    Args:
        route: what answers it.
        call: the request, for the handler.
        guard: who may call.
        scope: ASGI's.
        receive: ASGI's.
        send: ASGI's.
        headers: of the request; of equal names the first.
        names: folders of models and the names they are served by.
        identity: of the request, in the answer and the log.
        begun: monotonic time at which it came.
    """

    def __init__(
        self,
        route: Route,
        call: Call,
        guard: Guard,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        headers: Mapping[bytes, bytes],
        names: Mapping[Path, str],
        identity: bytes,
        begun: float,
    ) -> None:
        self.route, self.call, self.state, self.guard = route, call, call.state, guard
        self.scope, self.receive, self.send = scope, receive, send
        self.headers, self.names = headers, names
        self.connection: ClientConnection | None = scope.get("extensions", _NONE).get(CONNECTION)
        self.identity, self.begun = identity, begun
        self.body = Body(headers, self.state)
        self.status, self.code = 0, ""
        self.started = self.unread = False

    async def run(self) -> None:
        """Read, answer, and turn errors into answers."""
        try:
            self.call.client = self.guard.client(self.scope)
            if not self.route.open:
                self.state.refuse_unless_ready()
            if self.route.request is not None:
                self.unread = True
                self.call.values = json_object(await self._body())
            self.call.path = str(self.scope.get("path_params", {}).get("name", ""))
            made = await self._unless_gone(self.route.handler(self.call))
            if isinstance(made, EventStream):
                await self._stream(made)
            elif isinstance(made, Reply):
                await self._answer(made.status, made.value, made.headers)
            else:
                await self._answer(200, made)
        except ClientDisconnect:
            self._gone()
        except asyncio.CancelledError:
            self.code = "cancelled"
            raise
        except Exception as error:
            if self.started:
                raise
            answer = self.error(error)
            if answer.status == 500 and answer.code == "E_FAULT":
                self.state.log.write({"fault": repr(error)[:500], "id": self.identity.decode()})
            with suppress(OSError):
                # What is left of a body that was not read would be taken for the next request.
                close = {"connection": "close"} if self.unread else {}
                await self._answer(answer.status, answer.body, answer.headers | close)
        finally:
            self.body.release()

    def error(self, error: Exception) -> ErrorAnswer:
        """Return the answer of an error in the dialect of the route."""
        answer = error_answer(error, self.route.dialect, names=self.names, field_name=self.route.field_name)
        self.code = answer.code
        self.state.metrics.refused.labels(answer.code).inc()
        return answer

    def record(self) -> None:
        """Count and log the request."""
        call, metrics = self.call, self.state.metrics
        metrics.of(metrics.requests, self.route.path, str(self.status)).inc()
        metrics.phases.observe_all(call.seconds)
        if not self.state.log.enabled or (self.route.open and self.status == 200):
            return
        total = time.monotonic() - self.begun
        line: dict[str, Any] = {"id": self.identity.decode(), "client": call.client, "route": self.route.path}
        line |= {"model": call.model, "texts": call.texts, "tokens": call.tokens, "generated": call.generated}
        line |= {"truncated": call.truncated, "status": self.status, "code": self.code, "ms": round(total * 1e3, 2)}
        line |= {f"{phase}_ms": round(seconds * 1e3, 2) for phase, seconds in call.seconds.items()}
        if self.state.settings.log_texts:
            line["body"] = dict(call.values)
        self.state.log.write(line)

    async def _body(self) -> bytes:
        """Read the body; of a request that is refused for overload, as most are then, before anything is parsed."""
        early = self.route.queued and not self.body.small
        if early:
            self.state.refuse_overload(self.call.client)
        body = await self.body.read(self.receive, self.connection)
        self.unread = False
        if self.route.queued and not early:
            self.state.refuse_overload(self.call.client)
        return body

    async def _unless_gone(self, work: Awaitable[Any]) -> Any:
        """Run a handler, unless the client leaves first: then this task is cancelled, by nobody else's wish."""
        task = asyncio.current_task()
        assert task is not None
        left, answered = False, False

        def leave(_: object = None) -> None:
            nonlocal left
            if not answered:
                left = True
                task.cancel()

        connection = self.connection
        gone: asyncio.Future[None] | None = None
        if connection is None:
            gone = asyncio.ensure_future(self._disconnected())
            gone.add_done_callback(leave)
        else:
            connection.watch(leave)
        try:
            return await work
        except asyncio.CancelledError:
            if left and not task.uncancel():
                raise ClientDisconnect from None
            raise
        finally:
            answered = True
            if connection is not None:
                connection.watch(None)
            if gone is not None:
                gone.cancel()

    async def _disconnected(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def _gone(self) -> None:
        self.status, self.code = 499, "cancelled"
        self.state.metrics.cancelled.labels("stream" if self.started else "queue").inc()

    def _headers(self, kind: str, more: Mapping[str, str]) -> Headers:
        call = self.call
        headers: Headers = [(b"content-type", kind.encode()), (b"x-request-id", self.identity), *_ALWAYS]
        if call.model:
            for name, value in call.seconds.items():
                if (header := _PHASES.get(name)) is not None:
                    headers.append((header, b"%.2f" % (value * 1e3)))
            headers.append((b"x-total-time", b"%.2f" % ((time.monotonic() - self.begun) * 1e3)))
            headers += [(b"x-compute-tokens", b"%d" % call.tokens), (b"x-torso-truncated", b"%d" % call.truncated)]
        for some in (call.headers, more):
            if some:
                headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in some.items()]
        return headers

    async def _answer(self, status: int, value: Any, more: Mapping[str, str] = _NONE) -> None:
        if isinstance(value, bytes):
            body = value
        elif is_long(value):
            body = await in_thread(self.call, lambda: dumped(value), True)
        else:
            body = dumped_at_once(value)
        kind = self.route.media if status == 200 else "application/json"
        headers = self._headers(kind, more)
        headers.append((b"content-length", b"%d" % len(body)))
        self.status, self.started = status, True
        if self.connection is not None and self.connection.reply(self.send, status, headers, body):
            return
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if self._is_head() else body})

    def _is_head(self) -> bool:
        return self.scope["method"] == "HEAD"

    async def _stream(self, stream: EventStream) -> None:
        """Send events; errors before the first one are plain answers, later ones an event and no clean end."""
        events = stream.events
        gone = asyncio.ensure_future(self._disconnected())
        pending: asyncio.Future[bytes] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(events))
                await asyncio.wait((pending, gone), timeout=self._patience(), return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    raise ClientDisconnect
                if not pending.done():
                    await self._send_events(b": waiting\n\n")
                    continue
                done, pending = pending, None
                try:
                    data = done.result()
                except StopAsyncIteration:
                    break
                except Exception as error:
                    if not self.started:
                        raise
                    self.error(error)
                    await self._send_events(b"data: " + stream.failed(error) + b"\n\n")
                    break
                await self._send_events(b"data: " + data + b"\n\n")
            await self.send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            raise ClientDisconnect from None
        finally:
            for each in (pending, gone):
                if each is not None and not each.done():
                    each.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
                        await each
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()

    def _patience(self) -> float:
        """Return the seconds until something is sent: one until the headers, then those of a comment."""
        return _KEEP_OPEN if self.started else 1.0

    async def _send_events(self, data: bytes) -> None:
        if not self.started:
            self.status, self.started = 200, True
            headers = self._headers("text/event-stream; charset=utf-8", {"x-accel-buffering": "no"})
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        await asyncio.wait_for(self.send({"type": "http.response.body", "body": data, "more_body": True}), STALLED)
