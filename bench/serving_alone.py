"""What holds for torso's server by itself: waits, shares of the processor, overload, clients that leave, memory."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import statistics
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
from load_client import Connection, Load, ask_plainly, closed, get, opened, run
from serving_counted import NAME as LIBRARY
from serving_peers import Peer, Running, requests
from serving_report import Report

from torso.outputs import Features
from torso.serve.served_source import ModelSource, load_ready
from torso.tasks.ready import Ready

OVERLOAD_SECONDS = 2.0
"""--queue-seconds of the server that is overloaded."""


@contextmanager
def on_cores_of(server: Running) -> Generator[None]:
    """Run on the cores of a server, while nobody asks it."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, os.sched_getaffinity(server.process.pid))
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def ready_in(model: str, mode: str) -> Ready[Features]:
    """The model in a mode, as a server in this mode has it."""
    return load_ready(ModelSource("m", model, "features", mode))


def counted(peer: Peer) -> Peer:
    """torso's server with a count of what its event loop spends in the library."""
    script = Path(__file__).with_name("serving_counted.py")
    return replace(peer, command=[peer.command[0], str(script), *peer.command[3:]])


def in_process(server: Running, model: str, some: list[str], seconds: float, mode: str = "exact") -> float:
    """The median seconds of `torso.encode` of some texts, on the cores of a server."""
    import torso

    with on_cores_of(server):
        ready = ready_in(model, mode)
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


def equal(report: Report, server: Running, model: str, some: list[str]) -> None:
    """Print whether vectors over HTTP are the library's, to the bit, as floats and in base64."""
    import torso

    wanted = np.stack([each.vector for each in torso.encode(some, model=model)])
    url, body = f"http://127.0.0.1:{server.port}{server.peer.path}", {"input": some, "model": server.peer.model}
    floats = [each["embedding"] for each in httpx.post(url, json=body, timeout=60).json()["data"]]
    coded = httpx.post(url, json=body | {"encoding_format": "base64"}, timeout=60).json()["data"]
    bits = [np.frombuffer(base64.b64decode(each["embedding"]), "<f4") for each in coded]
    apart = int((np.array(floats, np.float32) != wanted).sum() + (np.stack(bits) != wanted).sum())
    report.add("numbers over HTTP that are not torso.encode's, float and base64", apart, "<=", 0)


def idle(report: Report, server: Running, model: str, seconds: float, mode: str = "exact", bar: float = 1.25) -> Load:
    """Print what HTTP adds to one text; return the load. Both take turns, and ratios of neighbours count."""
    small = requests(server.peer, 1)
    text = json.loads(small[0].partition(b"\r\n\r\n")[2])["input"]
    ratios, library, whole = list[float](), list[float](), Load()
    for _ in range(4):
        load = run(closed(server.port, small[:1], 1, seconds / 4))
        library.append(in_process(server, model, text, seconds / 4, mode) * 1e3)
        ratios.append(load.quantile(0.5) / library[-1])
        whole.times.setdefault(200, []).extend(load.times.get(200, []))
    report.add(f"idle, one text, {mode}: torso.encode, p50, ms", statistics.median(library))
    ratio = statistics.median(ratios)
    report.add(f"idle, one text, {mode}: p50 over HTTP / p50 of torso.encode", ratio, "<=", bar)
    return whole


def saturated(report: Report, server: Running, seconds: float, mode: str = "exact", bar: float = 0.08) -> None:
    """Print the shares of the processor, and how late the event loop is, at saturation; the server is `counted`."""
    small = requests(server.peer, 1)
    before, used, loop = metrics(server.port), server.cpu(), server.loop_cpu()
    answered = run(closed(server.port, small, 32, seconds))
    used, loop, after = server.cpu() - used, server.loop_cpu() - loop, metrics(server.port)
    library = after[LIBRARY] - before[LIBRARY]

    async def load() -> tuple[Load, Load]:
        one = asyncio.ensure_future(closed(server.port, small, 32, seconds))
        return await opened(server.port, [get("/livez")], 20, seconds, 4), await one

    lives, _ = run(load())
    before, after = after, metrics(server.port)
    share = (loop - library) / used
    report.add(f"HTTP, JSON and queue, {mode}: share of the server's processor at saturation", share, "<=", bar)
    report.add("  with what torso.encode does on the loop: tokenizing, results", loop / used)
    report.add("  microseconds a request: HTTP, JSON and queue", (loop - library) / answered.statuses[200] * 1e6)
    report.add(f"/livez at saturation, {mode}, p99, ms", lives.quantile(0.99), "<=", 50)
    report.add(f"loop lateness at saturation, {mode}, p99 below, ms", lateness(before, after) * 1e3, "<=", 10)


def steady(report: Report, server: Running, peak: float, seconds: float) -> None:
    """Print the spread of waits at 0.7 of capacity."""
    load = run(opened(server.port, requests(server.peer, 1), 0.7 * peak, 4 * seconds, 1))
    report.add("open loop at 0.7 of capacity: p99 / p50", load.quantile(0.99) / load.quantile(0.5), "<=", 6)


def overloaded(report: Report, server: Running, peak: float, seconds: float) -> None:
    """Print what becomes of three times as many requests as can be answered."""
    load = run(opened(server.port, requests(server.peer, 1), 3 * peak, seconds, 2, most=8000))
    others = sum(count for status, count in load.statuses.items() if status not in (200, 429))
    report.add(f"open loop at 3 x capacity, {seconds:.0f} s: goodput / peak", load.rate / peak, ">=", 0.9)
    report.add("  refusals, p99, ms", load.quantile(0.99, 429), "<=", 50)
    bar = OVERLOAD_SECONDS + 0.05
    report.add(f"  admitted, p99, s (--queue-seconds {OVERLOAD_SECONDS:g})", load.quantile(0.99) / 1e3, "<=", bar)
    report.add("  answers of another status", others, "<=", 0)


async def beside_lists(server: Running, seconds: float) -> Load:
    """Small requests, eight a second, while one client sends long lists."""
    lists, small, stopping = requests(server.peer, 2048, 2), requests(server.peer, 1), threading.Event()

    def long() -> None:
        # A thread of its own, in which next to nothing is Python: reading 9 MB must not hold up the small requests.
        while not stopping.is_set():
            ask_plainly(server.port, lists[0])

    task = asyncio.ensure_future(asyncio.to_thread(long))
    await asyncio.sleep(0.5)
    load = await opened(server.port, small, 8, seconds, 3)
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
    """Print how memory grows between a thousand requests and ``total``, or as many as there is time for."""
    small, sizes, stated = requests(server.peer, 1), list[float](), metrics(server.port)["torso_memory_bound_bytes"]
    ready, done = server.rss(), 0
    for goal in (1000, total):
        while done < goal and report.left() > 5:
            done += sum(run(closed(server.port, small, 32, 1.0)).statuses.values())
        sizes.append(server.rss())
    report.add(f"memory after {done:,} requests / after 1,000", sizes[1] / sizes[0], "<=", 1.05)
    report.add(
        "peak of memory beyond that at the start / stated bound", (server.peak() - ready) / (stated / 1e6), "<=", 1
    )
