"""A second opinion on requests: what httptools and uvicorn pass on, h11 reads as the same requests, or refuses.

Two parsers that see other requests in the same bytes are what request smuggling lives on: a proxy sees one, the server
another. So whatever this server takes, a stricter parser of another make must take as the same; it may refuse more.
"""

from __future__ import annotations

import asyncio
import random

import pytest

h11 = pytest.importorskip("h11")
pytest.importorskip("httptools")
uvicorn = pytest.importorskip("uvicorn")
DeadlineProtocol = pytest.importorskip("torso.serve.http_protocol").DeadlineProtocol

Seen = list[tuple[bytes, bytes, bytes]]
"""Method, target and body of each request."""

LINES = [
    *(b"POST /v1/embeddings HTTP/1.1", b"GET /livez HTTP/1.1", b"POST /embed HTTP/1.0"),
    *(b"GET  / HTTP/1.1", b"G\tT / HTTP/1.1"),
]
FIELDS = [
    *(b"Host: localhost", b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: +5", b"Content-Length: 5, 5"),
    *(b"Content-Length: 5 5", b"content-length:5", b"Content-Length: 0x5", b"Content-Length: -1", b"Content-Length: "),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity"),
    *(b"Transfer-Encoding:\tchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: identity", b"X: a"),
    *(b"X-A: b\r\n c", b"X\x00: a", b"X: a\x00b", b"X: a\rb", b": a", b"X"),
    *(b"Connection: keep-alive", b"Expect: 100-continue"),
]
BODIES = [
    *(b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n"),
    *(b"5\nhello\n0\n\n", b"0\r\n\r\n", b"0\r\nX: a\r\n\r\n", b"05\r\nhello\r\n0\r\n\r\n"),
    *(b"5 \r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n"),
]
ENDS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\x0b\r\n"]


def drawn(draw: random.Random) -> bytes:
    """One to three requests, some of them with faults of the kinds that have fooled parsers."""
    made = b""
    for _ in range(draw.randint(1, 3)):
        end = b"\r\n" if draw.random() < 0.8 else draw.choice(ENDS)
        fields = [b"Host: localhost", *draw.choices(FIELDS, k=draw.randint(0, 3))]
        made += end.join([draw.choices(LINES, [8, 4, 2, 1, 1])[0], *fields]) + end + end + draw.choice(BODIES)
    for _ in range(draw.choice([0, 0, 0, 1, 2])):
        place = draw.randrange(len(made))
        made = made[:place] + bytes([draw.choice(b"\r\n\t :;,0\x00\x7f\xffa")]) + made[place + draw.randint(0, 1) :]
    return made


class Transport(asyncio.Transport):
    """Takes what is written, and remembers that it was closed."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 9)})
        self.written, self.closed = b"", False

    def write(self, data) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_protocol(self, protocol) -> None: ...


async def taken(sent: bytes, pieces: list[int]) -> Seen:
    """The requests that torso's protocol passes to the application whole, when the bytes come in some pieces."""
    seen: Seen = []

    async def app(scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        seen.append((scope["method"].encode(), target, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, http=DeadlineProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    protocol, transport = DeadlineProtocol(config=config, server_state=state, app_state={}), Transport()
    protocol.connection_made(transport)
    start = 0
    for end in [*pieces, len(sent)]:
        if not transport.closed:
            protocol.data_received(sent[start:end])
        start = end
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    for _ in range(5):
        await asyncio.sleep(0)
    return seen


def as_h11(sent: bytes) -> Seen:
    """The requests that h11 reads, up to the first that it refuses or that is not whole."""
    seen: Seen = []
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    request, body = None, b""
    try:
        while True:
            event = connection.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) and connection.our_state is not h11.DONE:
                return seen
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                seen.append((request.method, request.target, body))
                connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return seen
                connection.start_next_cycle()
            else:
                return seen
    except h11.RemoteProtocolError:
        return seen


def differs(mine: Seen, other: Seen) -> bool:
    """Whether both read a request at the same place, and read another one there."""
    return any(one != two for one, two in zip(mine, other, strict=False))


@pytest.mark.parametrize("part", range(4))
def test_what_both_take_is_the_same_request(part) -> None:
    draw, both, refused = random.Random(part), 0, 0

    async def run() -> None:
        nonlocal both, refused
        for _ in range(400):
            sent = drawn(draw)
            pieces = sorted(draw.randrange(len(sent)) for _ in range(draw.choice([0, 0, 1, 3])))
            mine, other = await taken(sent, pieces), as_h11(sent)
            assert not differs(mine, other), (sent, mine, other)
            both += bool(mine) and bool(other)
            refused += not mine

    asyncio.run(run())
    assert both > 40, "requests that are as they should be are among those drawn"
    assert refused > 40


def test_the_comparison_sees_a_smuggled_request() -> None:
    sent = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    wanted = [(b"POST", b"/", b"hello"), (b"GET", b"/x", b"")]
    assert as_h11(sent) == wanted
    assert asyncio.run(taken(sent, [30, 60])) == wanted
    assert differs(wanted, [(b"POST", b"/", b""), wanted[1]])
