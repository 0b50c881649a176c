"""Faults and abuse against a process on loopback: each ends in bounded time, and others are served meanwhile."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time

import pytest

from serve.conftest import Process

httpx = pytest.importorskip("httpx")

BODY = b'{"input":"hello","model":"embed"}'


PATH = b"/v1/embeddings"
HOST = b"Host: localhost"


def request(body: bytes = BODY, *fields: bytes, host: bytes = HOST) -> bytes:
    every = [b"POST " + PATH + b" HTTP/1.1", host, b"Content-Type: application/json", *fields]
    if not any(each.lower().startswith((b"content-length", b"transfer-encoding")) for each in fields):
        every.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(each for each in every if each) + b"\r\n\r\n" + body


def get(path: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", HOST, *fields)) + b"\r\n\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def serves(process) -> None:
    found = httpx.post(
        f"{process.url}/v1/embeddings", content=BODY, headers={"content-type": "application/json"}, timeout=30
    )
    assert found.status_code == 200


CLOSE = b"Connection: close"


@pytest.mark.parametrize(
    ("name", "sent", "wanted"),
    [
        ("plain", request(BODY, CLOSE), {200}),
        ("no host", request(BODY, CLOSE, host=b""), {400}),
        ("two hosts", request(BODY, CLOSE, b"Host: localhost"), {400}),
        ("evil host", request(BODY, CLOSE, host=b"Host: evil.example"), {403}),
        ("10 GB stated", request(b"", b"Content-Length: 10000000000"), {413}),
        ("length and chunks", request(BODY, b"Content-Length: 5", b"Transfer-Encoding: chunked"), {400}),
        ("two lengths", request(BODY, b"Content-Length: 5", b"Content-Length: 5"), {400}),
        ("length +7", request(BODY, b"Content-Length: +7"), {400}),
        ("length -1", request(BODY, b"Content-Length: -1"), {400}),
        ("xchunked", request(BODY, b"Transfer-Encoding: xchunked"), {400}),
        ("space before colon", request(BODY, b"X-A : b"), {400}),
        ("NUL in a field", request(BODY, b"X-A: a\0b"), {400}),
        ("gzip", request(BODY, b"Content-Encoding: gzip", CLOSE), {415}),
        ("1 MB field", request(BODY, b"X-A: " + b"a" * (1 << 20)), {431, 0}),
        ("20 kB of fields", request(BODY, b"X-A: " + b"a" * 20_000), {431}),
        ("10,000 fields", request(BODY, *[b"X-%d: a" % n for n in range(10_000)]), {431, 0}),
        ("101 fields", request(BODY, *[b"X-%d: a" % n for n in range(101)]), {431}),
        ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20, {400}),
        ("websocket", get(b"/", b"Upgrade: websocket", b"Connection: Upgrade, close"), {200, 400}),
        ("paths", get(b"/view/../../etc/passwd", CLOSE), {404}),
        ("encoded", get(b"/v1/models/%2e%2e%2f%00", CLOSE), {404}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_requests_that_are_not_as_they_should_be(process, name, sent, wanted) -> None:
    begun = time.monotonic()
    answer = process.raw(sent)
    assert status(answer) in wanted
    assert answer.count(b"HTTP/1.1 ") <= 1, "never two answers"
    assert time.monotonic() - begun < 18
    serves(process)


def test_slow_headers_and_bodies_are_closed_while_others_are_served(process) -> None:
    ended: dict[str, tuple[float, bytes]] = {}

    def slow(name: str, first: bytes, rest: bytes) -> None:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", process.port), timeout=1) as connection:
            answer = b""
            connection.sendall(first)
            for place in range(120):
                try:
                    if name != "nothing":
                        connection.sendall(rest[place : place + 1] or b"a")
                    answer += connection.recv(4096)
                    break
                except TimeoutError:
                    continue
                except OSError:
                    break
        ended[name] = (time.monotonic() - begun, answer)

    body = request(BODY, b"Content-Length: 5000")
    threads = [
        threading.Thread(target=slow, args=("header", b"POST /v1/embeddings HTTP/1.1\r\n", b"X-A: " + b"a" * 1000)),
        threading.Thread(target=slow, args=("body", body, b"")),
        threading.Thread(target=slow, args=("nothing", b"", b"")),
    ]
    for each in threads:
        each.start()
    for _ in range(5):
        serves(process)
    for each in threads:
        each.join(60)
    assert set(ended) == {"header", "body", "nothing"}
    for seconds, answer in ended.values():
        assert seconds < 40
        assert status(answer) in (0, 408)


def test_idle_connections_and_a_reader_that_does_not_read_disturb_nobody(process) -> None:
    idle = [socket.create_connection(("127.0.0.1", process.port), timeout=5) for _ in range(100)]
    deaf = socket.create_connection(("127.0.0.1", process.port), timeout=5)
    deaf.sendall(request(json.dumps({"input": ["hello"] * 2000, "model": "embed"}).encode()))
    try:
        for _ in range(5):
            serves(process)
    finally:
        for each in (*idle, deaf):
            each.close()


def _metric(process, name: str) -> float:
    lines = httpx.get(f"{process.url}/metrics", timeout=30).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def _settled(process, name: str, wanted: float) -> None:
    end = time.monotonic() + 30
    while _metric(process, name) != wanted:
        assert time.monotonic() < end, f"{name} is {_metric(process, name)}"
        time.sleep(0.1)


def test_clients_that_leave_take_their_work_with_them(process) -> None:
    before = _metric(process, "torso_cancelled_total")
    body = json.dumps({"input": ["hello world how are you"] * 1500, "model": "embed"}).encode()
    for _ in range(30):
        connection = socket.create_connection(("127.0.0.1", process.port), timeout=5)
        connection.sendall(request(body))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    _settled(process, "torso_requests_in_progress", 1.0)  # the one that asks
    assert _metric(process, "torso_cancelled_total") > before
    assert _metric(process, "torso_queue_tokens") == 0
    serves(process)


def test_a_stream_that_is_left_frees_its_rows(process) -> None:
    asked = {"model": "llama", "prompt": "the cat", "max_tokens": 50, "temperature": 0, "stream": True}
    for _ in range(5):
        with httpx.stream("POST", f"{process.url}/v1/completions", json=asked, timeout=30) as answer:
            next(answer.iter_lines())
    whole = httpx.post(f"{process.url}/v1/completions", json={**asked, "stream": False}, timeout=60)
    assert whole.status_code == 200
    _settled(process, "torso_requests_in_progress", 1.0)
    assert _metric(process, 'torso_kv_rows{model="llama",state="free"}') == _metric(
        process, 'torso_kv_rows{model="llama",state="all"}'
    )


def test_a_deadline_of_the_client_holds(process) -> None:
    body = {"input": ["hello world how are you"] * 1900, "model": "embed"}
    begun = time.monotonic()
    found = httpx.post(f"{process.url}/v1/embeddings", json=body, headers={"x-torso-timeout-ms": "20"}, timeout=60)
    assert found.status_code in (413, 503)
    assert time.monotonic() - begun < 20
    if found.status_code == 503:
        assert found.json()["error"]["code"] == "E_DEADLINE"
        assert float(found.headers["retry-after"]) > 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_sigterm_drains_and_a_second_one_ends_at_once(folders) -> None:
    with Process(f"embed={folders['embed']}", "--drain", "20") as process:
        results: list[int] = []
        body = {"input": ["hello world how are you"] * 2000}

        def ask() -> None:
            results.append(httpx.post(f"{process.url}/v1/embeddings", json=body, timeout=60).status_code)

        thread = threading.Thread(target=ask)
        thread.start()
        end = time.monotonic() + 20
        while _metric(process, "torso_requests_in_progress") < 2 and thread.is_alive() and time.monotonic() < end:
            time.sleep(0.005)
        assert process.stop(signal.SIGTERM) == 0
        thread.join(30)
        assert results == [200], "what was accepted is answered"
        lines = process.process.stderr.read().decode().splitlines()
        assert any('"status": 200' in line for line in lines)
        assert all(line.startswith(("{", "Serving")) for line in lines), lines


def test_a_port_that_is_taken_is_said(process, folders, capsys) -> None:
    from torso.cli import main

    assert main(["serve", str(folders["embed"]), "--port", str(process.port)]) == 3
    assert "E_PORT" in capsys.readouterr().err
