"""A proxy in front of any server of the rig that does to answers what bad networks and bad servers do.

Faults are planned by path, method, byte of the file and number of times; every byte that reaches the client is counted.
A fault's ``at`` is an offset in the file, so that a resumed request meets it only where the file does. Before a
connection is cut, what was sent is given time to arrive: the count of bytes is then the client's own.
"""

from __future__ import annotations

import array
import fcntl
import http.client
import os
import re
import select
import socket
import ssl
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from .httpd import BLOCK, Answer, Exchange, Handler, Server

_HOP = {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding"}
_PATIENCE = 20.0


@dataclass(frozen=True)
class Cut:
    """The connection ends at a byte, with FIN, or with RST."""

    at: int
    reset: bool = False


@dataclass(frozen=True)
class Stall:
    """Nothing comes after a byte, and the connection stays open until the client leaves."""

    at: int


@dataclass(frozen=True)
class Drip:
    """After a byte, one byte comes every ``every`` seconds until the client leaves, or 20 s have gone."""

    at: int
    every: float = 0.1


@dataclass(frozen=True)
class Flip:
    """One bit of the byte at an offset is wrong."""

    at: int


@dataclass(frozen=True)
class Say:
    """An answer of the proxy's own; the server is not asked."""

    answer: Answer


@dataclass(frozen=True)
class Change:
    """The server's answer, rewritten; its body is read whole first."""

    change: Callable[[Exchange, Answer], Answer]


@dataclass(frozen=True)
class Refuse:
    """The connection ends before any answer."""


@dataclass(frozen=True)
class First:
    """Something happens first, such as a new commit or a header lost; then the server's answer passes untouched."""

    act: Callable[[Exchange], object]


Fault = Cut | Stall | Drip | Flip | Say | Change | Refuse | First


@dataclass
class Plan:
    """A fault, where it strikes, and how often it still may."""

    fault: Fault
    path: str
    method: str
    times: int
    skip: int
    struck: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def meets(self, exchange: Exchange, start: int | None = None, stop: int | None = None) -> bool:
        """Whether the fault strikes this request, or this part of a file; counts it when it does."""
        at = getattr(self.fault, "at", None)
        if (at is None) != (start is None) or self.method not in ("", exchange.method):
            return False
        if at is not None and not (start or 0) <= at < (stop or 0):
            return False
        if re.search(self.path, exchange.path) is None:
            return False
        with self.guard:
            self.skip -= 1
            if self.skip >= 0 or self.struck >= self.times:
                return False
            self.struck += 1
            return True


class _EndedError(OSError):
    """The proxy ended the connection on purpose."""


class _Handler(Handler):
    server: Proxy  # pyright: ignore[reportIncompatibleVariableOverride] (typeshed has the base class)

    def respond(self, exchange: Exchange) -> None:
        """Forwards a request and lets the planned fault strike."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)
        fault = self.server.strike(exchange)
        if isinstance(fault, Refuse):
            self._end(reset=True)
        if isinstance(fault, Say):
            self.send(exchange, Answer(fault.answer.status, list(fault.answer.headers), fault.answer.body))
            return
        if isinstance(fault, First):
            fault.act(exchange)
        if exchange.method == "CONNECT":
            self._tunnel(exchange)
            return
        upstream = http.client.HTTPConnection(*self.server.destination(exchange), timeout=_PATIENCE)
        try:
            parts = urlsplit(exchange.target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {name: value for name, value in exchange.headers.items() if name not in _HOP}
            upstream.request(exchange.method, target, exchange.body or None, headers)
            self._relay(exchange, upstream.getresponse(), fault)
        finally:
            upstream.close()

    def _relay(self, exchange: Exchange, response: http.client.HTTPResponse, fault: Fault | None) -> None:
        headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP | {"date"}]
        if isinstance(fault, Change):
            body = response.read()
            answer = Answer(response.status, [pair for pair in headers if pair[0].lower() != "content-length"], body)
            changed = fault.change(exchange, answer)
            lies = any(name.lower() == "content-length" for name, _ in changed.headers)
            self.send(exchange, changed)
            self.close_connection = self.close_connection or lies
            return
        if response.length is None and exchange.method != "HEAD":
            self.send(exchange, Answer(response.status, headers, response.read()))
            return
        self.send_head(exchange, Answer(response.status, headers))
        if exchange.method == "HEAD":
            return
        start = _start(response.headers.get("Content-Range"))
        self._body(exchange, response, start, start + (response.length or 0))

    def _body(self, exchange: Exchange, response: http.client.HTTPResponse, start: int, stop: int) -> None:
        fault = self.server.strike(exchange, start, stop) if stop > start else None
        at = getattr(fault, "at", stop)
        while start < stop:
            if start == at and isinstance(fault, Flip):
                block = bytes([response.read(1)[0] ^ 1])
            elif start == at:
                self._stop_here(exchange, response, fault)
            else:
                block = response.read(min(BLOCK, (at if start < at else stop) - start))
            if not block:
                raise _EndedError
            self.push(exchange, block)
            start += len(block)

    def _stop_here(self, exchange: Exchange, response: http.client.HTTPResponse, fault: Fault | None) -> NoReturn:
        if isinstance(fault, Cut):
            self._end(reset=fault.reset)
        deadline = time.monotonic() + _PATIENCE
        while isinstance(fault, Stall | Drip) and not self._gone(getattr(fault, "every", _PATIENCE)):
            if isinstance(fault, Stall) or time.monotonic() > deadline or not (byte := response.read(1)):
                break
            self.push(exchange, byte)
        self._end(reset=False)

    def _gone(self, wait: float) -> bool:
        """Whether the client closed within some seconds."""
        ready, _, _ = select.select([self.connection], [], [], wait)
        return bool(ready) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def _end(self, *, reset: bool) -> NoReturn:
        drain(self.connection)
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.resets.add(self.connection)
        raise _EndedError

    def _tunnel(self, exchange: Exchange) -> None:
        self.send_head(exchange, Answer(200))
        address = self.server.destination(exchange)
        with socket.create_connection(address, timeout=_PATIENCE) as upstream:
            ends = {self.connection: upstream, upstream: self.connection}
            while ready := select.select(list(ends), [], [], _PATIENCE)[0]:
                for end in ready:
                    block = end.recv(BLOCK)
                    if not block:
                        raise _EndedError
                    ends[end].sendall(block)
        self.close_connection = True


def drain(connection: socket.socket) -> None:
    """Waits until the other side's system has what was sent, where the system can tell."""
    deadline = time.monotonic() + 2
    waiting = array.array("i", [0])
    while sys.platform == "linux" and time.monotonic() < deadline:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, waiting)
        if not waiting[0]:
            return
        os.sched_yield()


def _start(content_range: str | None) -> int:
    match = re.match(r"bytes (\d+)-", content_range or "")
    return int(match[1]) if match else 0


class Proxy(Server):
    """The fault proxy; ``upstream`` is the origin behind it, unless a request names its own (a forward proxy)."""

    handler = _Handler

    def __init__(self, upstream: str, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.upstream = upstream
        self.host = host
        self.plans: list[Plan] = []
        self.resets: set[object] = set()

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection; one to be reset gets no FIN first."""
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def plan(self, fault: Fault, path: str = "", *, method: str = "", times: int = 1, skip: int = 0) -> Plan:
        """Lets a fault strike ``times`` matching requests after the first ``skip``; the first plan that fits counts."""
        self.plans.append(Plan(fault, path, method, times, skip))
        return self.plans[-1]

    def strike(self, exchange: Exchange, start: int | None = None, stop: int | None = None) -> Fault | None:
        """The fault for a request, or for the part of a file that answers it."""
        return next((plan.fault for plan in self.plans if plan.meets(exchange, start, stop)), None)

    def destination(self, exchange: Exchange) -> tuple[str, int]:
        """Host and port that a request goes on to."""
        named = f"//{exchange.target}" if exchange.method == "CONNECT" else exchange.target
        parts = urlsplit(self.upstream if named.startswith("/") and exchange.method != "CONNECT" else named)
        if (parts.hostname or "").endswith(".test"):  # a name that only the proxy knows
            parts = urlsplit(self.upstream)
        return parts.hostname or "127.0.0.1", parts.port or 80
