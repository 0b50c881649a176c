"""Answers that drip, or never end: headers and bodies of every kind, each ended by the patience that is documented."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from torso.hub.settings import Patience
from torso.hub.transfer.failure import Failure
from torso.hub.transfer.http import Web

from .conftest import IMPATIENT, Machine, refused

PATIENCE = Patience(connect=2, read=5, rate_window=0.4, minimum_rate=1024, retries=0, listing=2)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """A server that reads a request and then talks as it likes."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.recv(1 << 16)
                    talk(connection, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def drip(head: bytes, byte: bytes, every: float = 0.02) -> Talk:
    """Sends a beginning, then one thing again and again."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(every):
            connection.sendall(byte)

    return talk


def flood(head: bytes, block: bytes) -> Talk:
    """Sends a beginning, then one thing as fast as it is taken."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.is_set():
            connection.sendall(block)

    return talk


DRIPS = {
    "body": drip(HEAD + b"Content-Length: 1000000\r\n\r\n[", b" "),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's size": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "until the end": drip(HEAD + b"\r\n[", b" "),
    "status": drip(b"HTTP/1.1 200 O", b"K"),
    "a header": drip(HEAD + b"X-Long: ", b"x"),
    "headers": drip(HEAD, b"X: y\r\n"),
    "continue": drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 C\r\n\r\n"),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_answer_that_drips(kind: str):
    begin = time.monotonic()
    with server(DRIPS[kind]) as url, Web(PATIENCE) as web, pytest.raises(Failure) as caught:
        web.json(f"{url}/x", {})
    assert caught.value.error.code == "E_TOO_SLOW"
    assert caught.value.slow
    assert time.monotonic() - begin < 20


FLOODS = {
    "continue": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "trailers": flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", b"X: y\r\n" * 10_000),
    "extensions": flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 30_000 + b"\r\n \r\n"),
    "body": flood(HEAD + b"\r\n[", b" " * 65536),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_answer_without_end(kind: str):
    with server(FLOODS[kind]) as url, Web(PATIENCE) as web, pytest.raises(Failure) as caught:
        web.json(f"{url}/x", {})
    assert caught.value.error.code in ("E_BAD_SERVER", "E_TOO_SLOW", "E_CONNECTION_LOST")


def test_answer_that_is_fast_enough_and_takes_too_long():
    talk = drip(HEAD + b"\r\n[", b" " * 4096, every=0.02)
    with server(talk) as url, Web(PATIENCE) as web, pytest.raises(Failure) as caught:
        web.json(f"{url}/x", {})
    assert caught.value.error.code == "E_TOO_SLOW"
    assert "2 s" in caught.value.error.what


def test_answer_that_is_slow_to_begin_is_waited_for():
    """The first byte is waited for as long as ``read`` says, however long that is beside the window."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        over.wait(1.2)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")

    with server(talk) as url, Web(PATIENCE) as web:
        assert web.json(f"{url}/x", {})[1] == []


def test_handshake_that_drips():
    patience = Patience(connect=0.5, read=0.5, retries=0)
    begin = time.monotonic()
    talk = drip(b"\x16\x03\x03\x3f\xff\x02", b"\x00", every=0.1)
    with server(talk) as url, Web(patience) as web, pytest.raises(Failure):
        web.json(url.replace("http:", "https:"), {})
    assert time.monotonic() - begin < 15


def test_listing_that_drips_ends_the_command(machine: Machine):
    with server(DRIPS["body"]) as url:
        machine.set(HF_ENDPOINT=url, **IMPATIENT)
        from torso.hub import resolve

        with refused("E_TOO_SLOW"):
            resolve("a/b")


def test_what_is_waited_for_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("torso.hub.transfer.progress._WAITING_AFTER", 0.05)
    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS")
    with server(DRIPS["body"]) as url:
        machine.set(HF_ENDPOINT=url, **IMPATIENT)
        from torso.hub import resolve

        with refused("E_TOO_SLOW"):
            resolve("a/b")
    assert "waiting for 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(("connect", "read"), [(7, 0.3), (9, 0.6), (11, 0.25)])
def test_silence_is_told_with_the_time_that_was_waited(connect: float, read: float):
    def talk(_connection: socket.socket, over: threading.Event) -> None:
        over.wait()

    with server(talk) as url, Web(Patience(connect, read, retries=0)) as web, pytest.raises(Failure) as caught:
        web.json(f"{url}/x", {})
    assert caught.value.error.code == "E_TIMEOUT"
    assert f" {read:g} s" in caught.value.error.what
