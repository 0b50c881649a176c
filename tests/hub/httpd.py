"""A small HTTP/1.1 server that counts: the base of every server of the rig.

It listens on 127.0.0.1 at a free port, answers from memory or from a file, knows single ranges, and keeps a log of
exchanges with the bytes that really left.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

BLOCK = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Exchange:
    """One request and what was sent for it; ``sent`` counts bytes of the body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0
    sent: int = 0
    moment: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        """The path, percent-decoded, without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query's names with their last values."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> object:
        """The request's body, parsed."""
        return json.loads(self.body)


@dataclass
class Answer:
    """A status, headers in order, and a body from memory or from ``file[start:stop]``."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""
    file: Path | None = None
    start: int = 0
    stop: int = 0

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.stop - self.start if self.file else len(self.body)

    def blocks(self) -> Iterator[bytes]:
        """The body, piece by piece."""
        if self.file is None:
            yield from (self.body[at : at + BLOCK] for at in range(0, len(self.body), BLOCK))
            return
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            left = self.stop - self.start
            while left and (block := stream.read(min(BLOCK * 4, left))):
                left -= len(block)
                yield block


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON."""
    return Answer(status, [("Content-Type", "application/json; charset=utf-8"), *(headers or {}).items()], _dump(value))


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and stop of a single range, None for the whole.

    Raises:
        ValueError: no byte of the range exists (416).
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    if start >= size or stop <= start:
        raise ValueError(header)
    return start, stop


def ranged(exchange: Exchange, body: bytes | Path, headers: list[tuple[str, str]]) -> Answer:
    """The body, or the part of it that ``Range`` and ``If-Range`` ask for, as nginx and S3 give it."""
    size = body.stat().st_size if isinstance(body, Path) else len(body)
    headers = [("Accept-Ranges", "bytes"), ("Content-Type", "application/octet-stream"), *headers]
    condition = exchange.headers.get("if-range")
    ignored = condition is not None and condition != dict(headers).get("ETag")
    try:
        part = None if ignored else wanted_range(exchange.headers.get("range"), size)
    except ValueError:
        return Answer(416, [*headers, ("Content-Range", f"bytes */{size}")])
    start, stop = part or (0, size)
    if part:
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    status = 206 if part else 200
    if isinstance(body, Path):
        return Answer(status, headers, file=body, start=start, stop=stop)
    return Answer(status, headers, body[start:stop])


class Handler(BaseHTTPRequestHandler):
    """Turns requests into `Server.answer` and writes what it gives."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "rig", ""
    disable_nagle_algorithm = True
    timeout = 30
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride] (typeshed has the base class)

    def do(self) -> None:
        """Answers one request."""
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        exchange = Exchange(self.command, self.path, headers, self.rfile.read(length))
        self.server.note(exchange)
        self.respond(exchange)

    do_GET = do_HEAD = do_POST = do_CONNECT = do  # noqa: N815

    def respond(self, exchange: Exchange) -> None:
        """Asks the server for its answer and sends it."""
        self.send(exchange, self.server.answer(exchange))

    def send(self, exchange: Exchange, answer: Answer) -> None:
        """Writes an answer, compressed where it is JSON and the client takes gzip."""
        names = {name.lower(): value for name, value in answer.headers}
        body = answer.body
        takes_gzip = "gzip" in exchange.headers.get("accept-encoding", "") and "content-encoding" not in names
        if takes_gzip and body and "json" in names.get("content-type", ""):
            answer.body = gzip.compress(body, 1)
            answer.headers.append(("Content-Encoding", "gzip"))
        if "content-length" not in names:
            answer.headers.append(("Content-Length", str(answer.length)))
        self.send_head(exchange, answer)
        if exchange.method != "HEAD":
            for block in answer.blocks():
                self.push(exchange, block)

    def send_head(self, exchange: Exchange, answer: Answer) -> None:
        """Writes the status line and the headers exactly as given."""
        exchange.status = answer.status
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()

    def push(self, exchange: Exchange, block: bytes) -> None:
        """Writes bytes of a body and counts those that left."""
        view = memoryview(block)
        while view:
            count = self.connection.send(view)
            exchange.sent += count
            view = view[count:]

    def handle(self) -> None:
        """Ends quietly where the client is gone."""
        with self.server.open_connection(self.connection):
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `Server.log` keeps everything."""


class Server(ThreadingHTTPServer):
    """A counting server; use as a context manager."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    handler: type[Handler] = Handler

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), self.handler)
        self.tls = tls
        self.log: list[Exchange] = []
        self._guard = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    host = "127.0.0.1"

    @property
    def url(self) -> str:
        """The origin, without a slash at the end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, object]:
        """A connection; the handshake of TLS is left to the thread that serves it."""
        connection, address = super().get_request()
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def answer(self, exchange: Exchange) -> Answer:
        """What to say; servers define it."""
        return Answer(404)

    def note(self, exchange: Exchange) -> None:
        """Keeps a request."""
        with self._guard:
            self.log.append(exchange)

    def requests(self, part: str = "", *, method: str = "") -> list[Exchange]:
        """Requests whose path contains ``part``."""
        with self._guard:
            return [one for one in self.log if part in one.path and method in ("", one.method)]

    def sent(self, part: str = "") -> int:
        """Bytes of bodies that left for paths containing ``part``."""
        return sum(one.sent for one in self.requests(part))

    def forget(self) -> None:
        """Empties the log."""
        with self._guard:
            self.log.clear()

    @contextmanager
    def open_connection(self, connection: socket.socket) -> Generator[None]:
        """Lists a connection while it is open, so that stopping can end it."""
        with self._guard:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._guard:
                self._connections.discard(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """Shows a fault of the rig itself and passes over a client that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        with self._guard:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self.server_close()
        self._thread.join()
