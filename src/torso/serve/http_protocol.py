"""uvicorn's protocol with deadlines for what is received, and limits on headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from torso.serve.client_connection import CONNECTION

HEADER_SECONDS = 5.0
"""Seconds in which the header of a request must have come."""

HEADER_BYTES, HEADER_FIELDS = 16 << 10, 100

BODY_GRACE, BODY_RATE = 5.0, 8_000
"""Seconds before a body must come at this rate in bytes per second, counted from its beginning."""

_COPIED = 64 << 10
"""Bytes of an answer from which on a copy costs more than sending its header apart."""

_LOOK = 1.0


class DeadlineProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes connections whose requests come too slowly or too large; disarmed while it answers."""

    _timer: asyncio.TimerHandle | None = None
    _leave: Callable[[], object] | None = None
    _received = 0
    _began = 0.0
    _in_header = True
    _in_body = _begun = _lost = False
    _idle_since: float | None = None

    def watch(self, leave: Callable[[], object] | None) -> None:
        """Call something when the connection is lost; see `torso.serve.client_connection`."""
        self._leave = leave
        if self._lost and leave is not None:
            leave()

    def reply(self, send: object, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole answer in one piece, if nothing stands in its way; see `torso.serve.client_connection`."""
        cycle = self.cycle
        if cycle.send != send or cycle.response_started or cycle.disconnected or cycle.scope["method"] == "HEAD":
            return False
        if self.flow.write_paused:
            return False
        parts = [STATUS_LINE[status]]
        for name, value in headers:
            if name == b"connection":
                return False
            parts += (name, b": ", value, b"\r\n")
        head = b"".join(parts)
        if head.count(b"\n") != len(headers) + 1 or b"\0" in head:
            return False  # uvicorn refuses to send what would be more headers than were meant
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        if len(body) < _COPIED:
            self.transport.write(b"".join((head, end, body)))
        else:
            self.transport.write(head + end)
            self.transport.write(body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def whole_body(self, receive: object) -> bytes | None:
        """Return the body of a request if all of it is here; see `torso.serve.client_connection`."""
        cycle = self.cycle
        if cycle.receive != receive or cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        self.flow.resume_reading()
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return body

    def on_response_complete(self) -> None:
        """Begin the next request of a pipeline, or wait for one: with one timer for a connection, not for a request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_request(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._await_request(left)
        elif not self.transport.is_closing():
            self.transport.close()

    def _await_request(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first header."""
        super().connection_made(transport)
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline, and tell who watches."""
        self._disarm()
        self._lost = True
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        if self._leave is not None:
            self._leave()

    def data_received(self, data: bytes) -> None:
        """Count header bytes, parse, and set the deadline of what is still to come: for most requests nothing is."""
        if self._in_header:
            self._received += len(data)
            if self._received > HEADER_BYTES and b"\r\n\r\n" not in data[: max(len(data), HEADER_BYTES)]:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._timer is not None or self.transport.is_closing():
            return
        if self._in_body:
            self._began = self.loop.time()
            self._timer = self.loop.call_later(BODY_GRACE, self._look)
        elif self._begun or self.cycle is None or self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
            self._await_header()

    def on_message_begin(self) -> None:
        """Offer the application to hear when the client leaves."""
        self._begun = True
        super().on_message_begin()
        extensions: Any = {CONNECTION: self}  # ASGI's own are dicts
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        """End the header's deadline."""
        self._disarm()
        many = self._received > HEADER_BYTES and sum(len(n) + len(v) + 4 for n, v in self.headers) > HEADER_BYTES
        self._in_header, self._in_body, self._begun, self._received = False, True, False, 0
        if many or len(self.headers) > HEADER_FIELDS:
            self._refuse(b"431 Request Header Fields Too Large")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the body's bytes."""
        self._received += len(body)
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body's deadline."""
        self._disarm()
        self._in_body, self._in_header, self._received = False, True, 0
        if not self.transport.is_closing():
            super().on_message_complete()

    def _await_header(self) -> None:
        self._timer = self.loop.call_later(HEADER_SECONDS, self._refuse, b"408 Request Timeout")

    def _look(self) -> None:
        """Compare what has come of a body with the rate; what is not read by the application counts as come."""
        passed = self.loop.time() - self._began
        if not self.flow.read_paused and self._received < BODY_RATE * (passed - BODY_GRACE + 1e-3):
            self._refuse(b"408 Request Timeout")
            return
        self._timer = self.loop.call_later(_LOOK, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes) -> None:
        """Answer, unless an answer has begun, and close."""
        self._disarm()
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]
        if not answering:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
