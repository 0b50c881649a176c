"""A client that costs little: HTTP/1.1 over kept connections, closed loops and open loops with bounds."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Found = TypeVar("Found")


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """Run a client, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@dataclass
class Load:
    """What was measured.

    Attributes:
        seconds: of the whole run.
        statuses: answers by their status; 0 for a connection that was lost.
        times: seconds of each answer by its status, from the moment at which it was due.
    """

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    times: dict[int, list[float]] = field(default_factory=dict)

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.times.setdefault(status, []).append(seconds)

    @property
    def rate(self) -> float:
        """Answers with status 200 per second."""
        return self.statuses[200] / self.seconds

    def quantile(self, share: float, status: int = 200) -> float:
        """A quantile of the times in milliseconds; 0 where there is none."""
        some = sorted(self.times.get(status, []))
        return some[min(int(share * len(some)), len(some) - 1)] * 1e3 if some else 0.0


def post(path: str, body: bytes) -> bytes:
    """A request as it is sent."""
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def get(path: str) -> bytes:
    """A request without a body."""
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


class Connection:
    """One connection, opened again where it was lost."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> int:
        """Send a request, read its answer, return its status; 0 for a lost connection."""
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            reader, writer = self.streams
            writer.write(request)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            if b"connection: close" in head:
                self.close()
            return int(head[9:12])
        except (OSError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return 0

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


def ask_plainly(port: int, request: bytes) -> int:
    """Send a request and read its answer, on a connection of its own; for threads. Return the bytes of the body."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as file:
        connection.sendall(request)
        length = 0
        while line := file.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        left, room = length, bytearray(1 << 20)
        while left and (read := file.readinto(memoryview(room)[:left])):
            left -= read
        return length - left


async def closed(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    """Clients that ask again as soon as they are answered."""
    load, begun = Load(), time.monotonic()

    async def one(number: int) -> None:
        connection, place = Connection(port), number
        while time.monotonic() < begun + seconds and sum(load.statuses.values()) < 1_000_000:
            start = time.monotonic()
            load.note(await connection.ask(requests[place % len(requests)]), time.monotonic() - start)
            place += clients
        connection.close()

    await asyncio.gather(*(one(number) for number in range(clients)))
    load.seconds = time.monotonic() - begun
    return load


async def opened(
    port: int, requests: Sequence[bytes], rate: float, seconds: float, seed: int, most: int = 4000
) -> Load:
    """Requests due at moments drawn beforehand, whatever becomes of those before them; at most ``most`` at a time."""
    drawn, due, moments = random.Random(seed), 0.0, list[float]()
    while (due := due + drawn.expovariate(rate)) < seconds:
        moments.append(due)
    load, idle, running = Load(), list[Connection](), set[asyncio.Task[None]]()
    begun = time.monotonic()

    async def one(number: int, moment: float) -> None:
        connection = idle.pop() if idle else Connection(port)
        load.note(await connection.ask(requests[number % len(requests)]), time.monotonic() - begun - moment)
        idle.append(connection)

    for number, moment in enumerate(moments):
        await asyncio.sleep(max(begun + moment - time.monotonic(), 0))
        if len(running) >= most:
            load.statuses[-1] += 1  # not sent
            continue
        task = asyncio.ensure_future(one(number, moment))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    load.seconds = seconds
    for each in idle:
        each.close()
    return load


async def lines(port: int, request: bytes) -> AsyncIterator[bytes]:
    """The lines of an event stream, as they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(request)
    try:
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        while line := await reader.readline():
            yield line
            if line.startswith(b"data: [DONE]"):
                return
    finally:
        writer.close()
