"""uvicorn's protocol with deadlines for what is received, and limits on headers."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 5.0
"""Seconds in which the header of a request must have come."""

HEADER_BYTES, HEADER_FIELDS = 16 << 10, 100

BODY_GRACE, BODY_RATE = 5.0, 8_000
"""Seconds before a body must come at this rate in bytes per second, counted from its beginning."""

_LOOK = 1.0


class DeadlineProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes connections whose requests come too slowly or too large; disarmed while it answers."""

    _timer: asyncio.TimerHandle | None = None
    _received = _fields = 0
    _began = 0.0
    _in_header = True
    _in_body = False

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first header."""
        super().connection_made(transport)
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count header bytes, then parse."""
        if self._in_header:
            if self._timer is None:  # the next request of a kept connection
                self._await_header()
            self._received += len(data)
            if self._received > HEADER_BYTES and b"\r\n\r\n" not in data[: max(len(data), HEADER_BYTES)]:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        if not self.transport.is_closing():
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to count the fields of a request."""
        self._fields = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count fields and their bytes."""
        self._fields += 1
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the header's deadline and begin the body's."""
        self._disarm()
        self._in_header, self._in_body, self._received = False, True, 0
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._fields > HEADER_FIELDS or size > HEADER_BYTES:
            self._refuse(b"431 Request Header Fields Too Large")
            return
        super().on_headers_complete()
        self._began = self.loop.time()
        self._timer = self.loop.call_later(BODY_GRACE, self._look)

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
        self._in_header = True
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
