"""One request and its answer: body, handler, disconnection, JSON or events, log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect, Request

import torso
from torso.serve.batch_scheduler import Refusal
from torso.serve.body_decoding import json_object
from torso.serve.call import Call, EventStream, Reply, too_much
from torso.serve.engine_thread import refused
from torso.serve.guard import Guard
from torso.serve.request_errors import ErrorAnswer, RequestError, error_answer
from torso.serve.route import Route

if TYPE_CHECKING:
    from starlette.types import Send

_PHASES = {"queue": "x-queue-time", "tokenization": "x-tokenization-time", "inference": "x-inference-time"}
_KEEP_OPEN = 10.0  # seconds of silence after which a comment is sent on an event stream
_ORJSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
STALLED = 30.0
"""Seconds after which a client that does not read an event stream loses it."""


class Exchange:
    """One request and its answer.

    Args:
        route: what answers it.
        call: the request, for the handler.
        guard: who may call.
        request: Starlette's view of it.
        send: ASGI's.
        names: folders of models and the names they are served by.
        identity: of the request, in the answer and the log.
        begun: monotonic time at which it came.
    """

    def __init__(
        self,
        route: Route,
        call: Call,
        guard: Guard,
        request: Request,
        send: Send,
        *,
        names: Mapping[Path, str],
        identity: str,
        begun: float,
    ) -> None:
        self.route, self.call, self.state, self.guard = route, call, call.state, guard
        self.request, self.send, self.names = request, send, names
        self.identity, self.begun = identity, begun
        self.status, self.code, self.held = 0, "", 0
        self.started = self.unread = False

    async def run(self) -> None:
        """Read, answer, and turn errors into answers."""
        try:
            self.call.client = self.guard.client(self.request.scope)
            if not self.route.open:
                self.state.refuse_unless_ready()
            if self.route.request is not None:
                self.unread = True
                body = await self._body()
                self.unread = False
                self.call.values = json_object(body)
            self.call.path = str(self.request.path_params.get("name", ""))
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
                self.state.log.write({"fault": repr(error)[:500], "id": self.identity})
            with suppress(OSError):
                # What is left of a body that was not read would be taken for the next request.
                close = {"connection": "close"} if self.unread else {}
                await self._answer(answer.status, answer.body, answer.headers | close)
        finally:
            self.state.flight -= self.held

    def error(self, error: Exception) -> ErrorAnswer:
        """Return the answer of an error in the dialect of the route."""
        answer = error_answer(error, self.route.dialect, names=self.names, field_name=self.route.field_name)
        self.code = answer.code
        self.state.metrics.refused.labels(answer.code).inc()
        return answer

    def record(self) -> None:
        """Count and log the request."""
        call, total = self.call, time.monotonic() - self.begun
        self.state.metrics.requests.labels(self.route.path, str(self.status)).inc()
        for phase, seconds in call.seconds.items():
            self.state.metrics.phases.labels(phase).observe(seconds)
        if self.route.open and self.status == 200:
            return
        line: dict[str, Any] = {"id": self.identity, "client": call.client, "route": self.route.path}
        line |= {"model": call.model, "texts": call.texts, "tokens": call.tokens, "generated": call.generated}
        line |= {"truncated": call.truncated, "status": self.status, "code": self.code, "ms": round(total * 1e3, 2)}
        line |= {f"{phase}_ms": round(seconds * 1e3, 2) for phase, seconds in call.seconds.items()}
        if self.state.settings.log_texts:
            line["body"] = dict(call.values)
        self.state.log.write(line)

    async def _body(self) -> bytes:
        headers, settings = self.request.headers, self.state.settings
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise RequestError(
                415,
                "E_CONTENT_TYPE",
                "The body is {kind!r}, not JSON.",
                cure="Send the header content-type: application/json",
                values=dict(kind=kind[:80]),
            )
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise RequestError(
                415, "E_CONTENT_TYPE", "The body is compressed.", cure="Send it without content-encoding."
            )
        stated = headers.get("content-length", "")
        expected = int(stated) if stated.isascii() and stated.isdigit() else 0
        self._hold(expected)
        parts: list[bytes] = []
        size = 0
        async for part in self.request.stream():
            size += len(part)
            if size > self.held:
                self._hold(size)
            parts.append(part)
            if size > settings.body_bytes:
                raise too_much("bytes", size, settings.body_bytes, None)
        return b"".join(parts)

    def _hold(self, size: int) -> None:
        """Reserve the bytes of the body."""
        settings = self.state.settings
        if size > settings.body_bytes:
            raise too_much("bytes", size, settings.body_bytes, None)
        if self.state.flight - self.held + size > settings.flight_bytes:
            raise refused(Refusal("full", 1.0))
        self.state.flight += size - self.held
        self.held = size

    async def _unless_gone(self, work: Awaitable[Any]) -> Any:
        """Run a handler, unless the client leaves first: then this task is cancelled, by nobody else's wish."""
        task = asyncio.current_task()
        assert task is not None
        left, answered = False, False

        def leave(_: asyncio.Future[None]) -> None:
            nonlocal left
            if not answered:
                left = True
                task.cancel()

        gone = asyncio.ensure_future(self._disconnected())
        gone.add_done_callback(leave)
        try:
            return await work
        except asyncio.CancelledError:
            if left and not task.uncancel():
                raise ClientDisconnect from None
            raise
        finally:
            answered = True
            gone.cancel()

    async def _disconnected(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    def _gone(self) -> None:
        self.status, self.code = 499, "cancelled"
        self.state.metrics.cancelled.labels("stream" if self.started else "queue").inc()

    def _headers(self, kind: str, more: dict[str, str]) -> list[tuple[bytes, bytes]]:
        call = self.call
        headers = {"content-type": kind, "x-request-id": self.identity, "x-torso-version": torso.__version__}
        headers |= {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        if call.model:
            headers |= {_PHASES[name]: f"{value * 1e3:.2f}" for name, value in call.seconds.items() if name in _PHASES}
            headers["x-total-time"] = f"{(time.monotonic() - self.begun) * 1e3:.2f}"
            headers |= {"x-compute-tokens": str(call.tokens), "x-torso-truncated": str(call.truncated)}
        return [
            (name.encode(), value.encode("latin-1", "replace"))
            for name, value in (headers | call.headers | more).items()
        ]

    async def _answer(self, status: int, value: Any, more: dict[str, str] | None = None) -> None:
        body = value if isinstance(value, bytes) else orjson.dumps(value, option=_ORJSON)
        kind = self.route.media if status == 200 else "application/json"
        headers = self._headers(kind, (more or {}) | {"content-length": str(len(body))})
        self.status, self.started = status, True
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if self._is_head() else body})

    def _is_head(self) -> bool:
        return self.request.method == "HEAD"

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
