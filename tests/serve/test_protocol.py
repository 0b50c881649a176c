"""The protocol beneath the application, over loopback: deadlines, clients that leave, answers in one piece."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import uvicorn
from uvicorn.server import ServerState

from torso.serve import http_protocol
from torso.serve.client_connection import CONNECTION
from torso.serve.http_protocol import DeadlineProtocol

REQUEST = b"POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}"
HEADERS = [(b"content-type", b"text/plain"), (b"x-a", b"b"), (b"content-length", b"2")]
LONG = 30.0  # seconds that nothing here takes, on any machine


@contextlib.asynccontextmanager
async def listening(app):
    """A port where an ASGI application answers."""
    config = uvicorn.Config(app, http=DeadlineProtocol, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: DeadlineProtocol(config, state, {}, loop), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def plain(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"ok"})


async def whole(scope, receive, send) -> None:
    assert scope["extensions"][CONNECTION].reply(send, 200, HEADERS, b"ok")


async def answer(port: int, request: bytes = REQUEST) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONG)
    body = await asyncio.wait_for(reader.readexactly(2), LONG)
    writer.close()
    return head + body


async def ending(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """All that comes until the server closes."""
    try:
        return await asyncio.wait_for(reader.read(), LONG)
    finally:
        writer.close()


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_an_answer_in_one_piece_is_that_of_asgi(version: bytes) -> None:
    async def run() -> tuple[bytes, bytes]:
        request = REQUEST.replace(b"HTTP/1.1", b"HTTP/" + version)
        async with listening(plain) as first, listening(whole) as second:
            return await answer(first, request), await answer(second, request)

    first, second = asyncio.run(run())
    assert first == second
    assert (b"connection: close" in second) == (version == b"1.0")


def test_what_would_be_more_headers_is_not_sent_in_one_piece() -> None:
    refused = list[bool]()

    async def app(scope, receive, send) -> None:
        connection = scope["extensions"][CONNECTION]
        for value in (b"a\r\nset-cookie: x", b"a\nb", b"a\0b"):
            refused.append(not connection.reply(send, 200, [(b"x-a", value), *HEADERS], b"ok"))
        refused.append(not connection.reply(send, 200, [(b"connection", b"close"), *HEADERS], b"ok"))
        await plain(scope, receive, send)

    async def run() -> bytes:
        async with listening(app) as port:
            return await answer(port)

    assert b"set-cookie" not in asyncio.run(run())
    assert refused == [True] * 4


def test_who_watches_hears_once_that_the_client_has_left() -> None:
    heard = list[str]()

    async def run() -> None:
        there, gone = asyncio.Event(), asyncio.Event()

        async def app(scope, receive, send) -> None:
            connection = scope["extensions"][CONNECTION]
            connection.watch(lambda: (heard.append("left"), gone.set()))
            there.set()
            await asyncio.wait_for(gone.wait(), LONG)
            connection.watch(None)
            connection.watch(lambda: heard.append("already"))

        async with listening(app) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            await asyncio.wait_for(there.wait(), LONG)
            writer.transport.abort()
            await asyncio.wait_for(gone.wait(), LONG)
            await asyncio.sleep(0)

    asyncio.run(run())
    assert heard == ["left", "already"]


@pytest.mark.parametrize("before", [b"", REQUEST])
@pytest.mark.parametrize("sent", [b"", b"\r\n", b"P", b"POST /x HTTP/1.1\r\nhost:", b"POST / HTTP/1.1\r\n\r"])
def test_what_begins_no_request_holds_no_connection(monkeypatch, before: bytes, sent: bytes) -> None:
    """Line ends before a request are skipped by the parser, and end the deadline of kept connections all the same."""
    if before and not sent:
        pytest.skip("a kept connection that is silent has its own, longer deadline")
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 0.3)

    async def run() -> bytes:
        async with listening(plain) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if before:
                writer.write(before)
                assert (await asyncio.wait_for(reader.readuntil(b"ok"), LONG)).startswith(b"HTTP/1.1 200")
            writer.write(sent)
            return await ending(reader, writer)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 408")


def test_a_body_that_stops_is_closed(monkeypatch) -> None:
    monkeypatch.setattr(http_protocol, "BODY_GRACE", 0.2)
    monkeypatch.setattr(http_protocol, "_LOOK", 0.1)

    async def run() -> bytes:
        async def app(scope, receive, send) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        async with listening(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST.replace(b"length: 2", b"length: 100000"))
            return await ending(reader, writer)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 408")
