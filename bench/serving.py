"""`torso serve` beside infinity, litserve, and FastAPI with sentence-transformers: rates, waits, overload, memory.

    python bench/serving.py --home ENVIRONMENTS                                       # about 30 minutes
    python bench/serving.py --home ENVIRONMENTS --rounds 1 --seconds 2 --requests 0   # a trial

Every server is a process on loopback and holds the same model; servers are asked in turns, and ratios of the medians of
all rounds count. The client has the last core to itself, the servers the others. The peers' environments are made below
ENVIRONMENTS where they are not there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import httpx
from load_client import Connection, Load, closed, get, opened, post
from serving_peers import Peer, Running, peers, start
from side_by_side import minilm

ALL = ("torso", "infinity-torch", "infinity-optimum", "fastapi", "litserve")
WORDS = [
    *("the", "weather", "today", "is", "very", "nice", "and", "we", "read"),
    *("a", "good", "book", "about", "old", "cities", "near", "the", "sea"),
]
BARS = {"infinity-torch": 2.0, "infinity-optimum": 1.3, "fastapi": 3.0, "litserve": 2.0}


def texts(count: int, seed: int, least: int = 4, most: int = 20) -> list[str]:
    """Texts of so many words."""
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(WORDS, k=drawn.randint(least, most))) for _ in range(count)]


def requests(peer: Peer, each: int, count: int = 64, least: int = 4, most: int = 20) -> list[bytes]:
    """Requests of so many texts each."""
    named = {} if peer.model is None else {"model": peer.model}
    bodies = [{"input": texts(each, number, least, most), **named} for number in range(count)]
    return [post(peer.path, json.dumps(body).encode()) for body in bodies]


def run(load: object) -> Load:
    return asyncio.run(load)  # pyright: ignore[reportArgumentType]


class Report:
    """Lines of results, each beside its bar."""

    def line(self, what: str, value: float, bar: str, met: bool | None = None) -> None:
        mark = "" if met is None else "  met" if met else "  MISSED"
        print(f"{what:<64} {value:>9.3f}   {bar}{mark}", flush=True)


def side_by_side(servers: Sequence[Running], rounds: int, seconds: float, clients: int, each: int) -> dict[str, float]:
    """The median rate of each server, in requests per second."""
    rates: dict[str, list[float]] = {server.peer.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            load = run(closed(server.port, requests(server.peer, each), clients, seconds))
            rates[server.peer.name].append(load.rate)
    return {name: statistics.median(some) for name, some in rates.items()}


def compared(report: Report, servers: Sequence[Running], rounds: int, seconds: float, model: str) -> float:
    """Print how torso stands beside its peers; return its rate for one text a request."""
    one = side_by_side(servers, rounds, seconds, 32, 1)
    for name, rate in one.items():
        report.line(f"one text a request, 32 clients: {name}, requests/s", rate, "")
    for name, bar in BARS.items():
        if name in one:
            ratio = one["torso"] / one[name] if one[name] else float("nan")  # no answer is no peer
            report.line(f"  torso / {name}", ratio, f">= {bar}", ratio >= bar)
    many = side_by_side(servers, rounds, seconds * 2, 4, 256)
    for name, rate in many.items():
        report.line(f"256 mixed texts a request, 4 clients: {name}, texts/s", rate * 256, "")
    if "infinity-torch" in many:
        ratio = many["torso"] / max(many["infinity-torch"], 1e-9)
        report.line("  torso / infinity-torch", ratio, ">= 1.5", ratio >= 1.5)
    ratio = many["torso"] * in_process(servers[0], model, texts(256, 1), seconds)
    report.line("  torso / torso.encode in this process", ratio, ">= 0.92", ratio >= 0.92)
    return one["torso"]


@contextmanager
def on_cores_of(server: Running) -> Iterator[None]:
    """Run on the cores of a server, while nobody asks it."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, os.sched_getaffinity(server.process.pid))
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def in_process(server: Running, model: str, some: list[str], seconds: float) -> float:
    """The median seconds of `torso.encode` of some texts, on the cores of a server."""
    import torch

    import torso
    from torso.tasks.ready import make_ready

    with on_cores_of(server):
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        ready = make_ready(model, torso.Task.FEATURES)
        times, end = list[float](), time.monotonic() + seconds
        while time.monotonic() < end or len(times) < 5:
            begun = time.perf_counter()
            torso.encode(some, model=ready)
            times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def metrics(port: int) -> dict[str, float]:
    """The server's counters, with their labels in their names."""
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text.splitlines()
    return {name: float(value) for name, _, value in (each.rpartition(" ") for each in lines if each[0] != "#")}


def lateness(before: dict[str, float], after: dict[str, float]) -> float:
    """The bucket, in seconds, under which 99 % of the event loop's latenesses between two moments are."""
    name = 'torso_loop_late_seconds_bucket{le="'
    grown = {
        key.removeprefix(name).partition('"')[0]: value - before.get(key, 0)
        for key, value in after.items()
        if key.startswith(name)
    }
    total = grown["+Inf"]
    return min((float(edge) for edge, count in grown.items() if count >= 0.99 * total), default=float("inf"))


def alone(report: Report, server: Running, model: str, peak: float, seconds: float) -> None:
    """Print what holds for torso's server by itself."""
    small = requests(server.peer, 1)
    idle = run(closed(server.port, small[:1], 1, seconds))
    library = in_process(server, model, json.loads(small[0].partition(b"\r\n\r\n")[2])["input"], seconds)
    ratio = idle.quantile(0.5) / (library * 1e3)
    report.line("idle, one text: p50 over HTTP / p50 of torso.encode", ratio, "<= 1.25", ratio <= 1.25)
    before, used, loop = metrics(server.port), server.cpu(), server.loop_cpu()
    asyncio.run(saturated(report, server, small, seconds))
    after = metrics(server.port)
    share = (server.loop_cpu() - loop) / max(server.cpu() - used, 1e-9)
    report.line("HTTP, JSON, tokenizing: share of the processor at saturation", share, "<= 0.08", share <= 0.08)
    late = lateness(before, after) * 1e3
    report.line("loop lateness at saturation, p99 below, ms", late, "<= 10", late <= 10)
    steady = run(opened(server.port, small, 0.7 * peak, 4 * seconds, 1))
    ratio = steady.quantile(0.99) / max(steady.quantile(0.5), 1e-9)
    report.line("open loop at 0.7 of capacity: p99 / p50", ratio, "<= 6", ratio <= 6)
    over = run(opened(server.port, small, 3 * peak, 6 * seconds, 2))
    good = over.rate / peak
    report.line("open loop at 3 x capacity: goodput / peak", good, ">= 0.9", good >= 0.9)
    report.line("  refusals, p99, ms", over.quantile(0.99, 429), "<= 50", over.quantile(0.99, 429) <= 50)
    report.line("  admitted, p99, ms", over.quantile(0.99), "<= 30,000", over.quantile(0.99) <= 30_000)
    print("  statuses:", dict(over.statuses))
    beside = asyncio.run(beside_lists(server, small, seconds))
    ratio = beside.quantile(0.99) / max(idle.quantile(0.99), 1e-9)
    report.line("small requests beside lists of 2,048: p99 / idle p99", ratio, "<= 3", ratio <= 3)
    vain = asyncio.run(left(server))
    report.line("tokens run in vain / sent, 1,000 clients that leave", vain, "<= 0.05", vain <= 0.05)


async def saturated(report: Report, server: Running, small: Sequence[bytes], seconds: float) -> None:
    """Load the server, and ask meanwhile whether it lives."""
    load = asyncio.ensure_future(closed(server.port, small, 32, seconds))
    lives = await closed(server.port, [get("/livez")], 1, seconds)
    await load
    report.line("/livez at saturation, p99, ms", lives.quantile(0.99), "<= 50", lives.quantile(0.99) <= 50)


async def beside_lists(server: Running, small: Sequence[bytes], seconds: float) -> Load:
    """Small requests, eight a second, while one client sends long lists."""
    lists = requests(server.peer, 2048, 2)
    stopping = asyncio.Event()

    async def long() -> None:
        connection = Connection(server.port)
        while not stopping.is_set():
            await connection.ask(lists[0])
        connection.close()

    task = asyncio.ensure_future(long())
    await asyncio.sleep(0.2)
    load = await opened(server.port, small, 8, 6 * seconds, 3)
    stopping.set()
    await task
    return load


async def left(server: Running) -> float:
    """The share of tokens that were run for clients that had left."""
    read = 'torso_batch_tokens_sum{model="m"}'
    body = requests(server.peer, 64, 1)[0]
    before = metrics(server.port)[read]
    assert await Connection(server.port).ask(body) == 200
    each = metrics(server.port)[read] - before
    before, count = metrics(server.port)[read], 1000
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(body)
        await writer.drain()
        writer.transport.abort()
    await asyncio.sleep(3)
    return (metrics(server.port)[read] - before) / (each * count)


def memory(report: Report, server: Running, total: int) -> None:
    """Print how memory grows between a thousand requests and ``total``."""
    small, sizes = requests(server.peer, 1), list[float]()
    for count in (1000, total - 1000):
        begun, done = time.monotonic(), 0
        while done < count and time.monotonic() < begun + 600:
            done += sum(run(closed(server.port, small, 32, 1.0)).statuses.values())
        sizes.append(server.rss())
    report.line(
        f"memory after {total:,} requests / after 1,000", sizes[1] / sizes[0], "<= 1.05", sizes[1] <= 1.05 * sizes[0]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder; all-MiniLM-L6-v2 if left out")
    parser.add_argument("--home", type=Path, required=True, help="where the peers' environments are, or are made")
    parser.add_argument("--peers", default=",".join(ALL))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--requests", type=int, default=100_000, help="of the run that measures memory; 0 for none")
    given = parser.parse_args()
    given.model = given.model or str(minilm())
    cores = sorted(os.sched_getaffinity(0))
    server_cores = set(cores[:-1] or cores)
    report, servers = Report(), list[Running]()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for peer in peers(given.home.resolve(), given.peers.split(",")):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            servers.append(start(peer, given.model, port, server_cores))
            report.line(
                f"start to ready: {peer.name}, s", servers[-1].started, "<= 0.8" if peer.name == "torso" else ""
            )
        os.sched_setaffinity(0, {cores[-1]})
        peak = compared(report, servers, given.rounds, given.seconds, given.model)
        for server in servers[1:]:
            server.stop()
        if servers[0].peer.name == "torso":
            alone(report, servers[0], given.model, peak, given.seconds)
            if given.requests:
                memory(report, servers[0], given.requests)
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
