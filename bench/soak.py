"""Soak a server: Poisson arrivals on all routes, some cancelled, malformed or slow, bursts above capacity.

    python bench/soak.py --minutes 30            # the long form; its figures belong in RESULTS.md
    python bench/soak.py --minutes 2 --check     # the form of continuous integration: status 1 if a bar is missed

Speed is printed and never checked; checked are states: every answer is of a kind that was to be expected, the vector of
one text is equal to the bit throughout, nothing is left over, and memory, descriptors and threads are bounded.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

TEXTS = [
    "今天天气很好。",
    "这本书我读了三遍，每一遍都有新的收获。",
    "the weather today is very nice",
    "弱小的我也有大梦想！" * 6,
]
CANARY = {"input": "一段永远不变的文字", "model": "embed"}
MODELS = ("embed=torso:sentiment:features", "sentiment=torso:sentiment", "tagger=torso:tagger")
LOAD = 0.7
LEAST_PER_SECOND, MOST_PER_SECOND = 4.0, 150.0
MOST_THREADS, MOST_DESCRIPTORS = 80, 600  # of engines, tokenizing and pages; of as many connections as this client has


@dataclass
class Tally:
    """What was sent and what came of it."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    unexplained: Counter[tuple[str, int]] = field(default_factory=Counter)
    cancelled: int = 0
    seconds: list[tuple[float, float]] = field(default_factory=list)
    canaries: set[str] = field(default_factory=set)
    burst: bool = False

    def note(self, kind: str, status: int, wanted: set[int]) -> None:
        self.statuses[kind, status] += 1
        if status not in wanted | ({429, 503} if self.burst else set()):
            self.unexplained[kind, status] += 1


class Soak:
    """One run against a process that serves at a port."""

    def __init__(self, port: int, pid: int, seed: int) -> None:
        self.port, self.pid, self.random, self.tally = port, pid, random.Random(seed), Tally()
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=60, limits=httpx.Limits(max_connections=400)
        )
        self.samples: list[dict[str, float]] = []

    def body(self) -> tuple[str, dict[str, object]]:
        """A request that is to be answered, on any route."""
        text = self.random.choice(TEXTS)
        several = [self.random.choice(TEXTS) for _ in range(16)]
        return self.random.choices(
            [
                ("/v1/embeddings", {"input": text, "model": "embed"}),
                ("/v1/embeddings", {"input": several, "model": "embed", "encoding_format": "base64"}),
                ("/v1/classify", {"input": text, "model": "sentiment"}),
                ("/v1/tag", {"input": text, "model": "tagger"}),
                ("/embed", {"inputs": several, "model": "embed"}),
                ("/predict", {"inputs": text, "model": "sentiment"}),
                ("/tokenize", {"inputs": text, "model": "embed"}),
                ("/v2/embed", {"texts": several[:4], "model": "embed", "embedding_types": ["float"]}),
            ],
            [40, 8, 20, 10, 5, 7, 5, 5],
        )[0]

    async def good(self) -> None:
        path, body = self.body()
        begun = time.monotonic()
        answer = await self.client.post(path, json=body)
        self.tally.seconds.append((begun, time.monotonic() - begun))
        self.tally.note(path, answer.status_code, {200})

    async def read(self) -> None:
        path = self.random.choice(
            ["/", "/view/app.js", "/view/api/start", "/view/api/server", "/v1/models", "/metrics"]
        )
        self.tally.note(path, (await self.client.get(path)).status_code, {200})

    async def canary(self) -> None:
        answer = await self.client.post("/v1/embeddings", json=CANARY)
        self.tally.note("canary", answer.status_code, {200})
        if answer.status_code == 200:
            self.tally.canaries.add(json.dumps(answer.json()["data"]))

    async def leave(self) -> None:
        path, body = self.body()
        self.tally.cancelled += 1
        with contextlib.suppress(TimeoutError, httpx.HTTPError):
            await asyncio.wait_for(self.client.post(path, json=body), self.random.random() * 0.02)

    async def malformed(self) -> None:
        content, kind, wanted = self.random.choice(
            [
                (b"{", "application/json", {400}),
                (b'{"input": "a", "inptu": 1, "model": "embed"}', "application/json", {400}),
                (b'{"input": 7, "model": "embed"}', "application/json", {400}),
                (b'{"input": "a", "model": "nothing"}', "application/json", {404}),
                (b"input=a", "application/x-www-form-urlencoded", {415}),
            ]
        )
        answer = await self.client.post("/v1/embeddings", content=content, headers={"content-type": kind})
        self.tally.note("malformed", answer.status_code, wanted)

    async def slow(self) -> None:
        """A body of which a byte comes now and then."""
        body = json.dumps(CANARY).encode()
        head = b"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        head += b"content-type: application/json\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(head + b"content-length: %d\r\n\r\n" % len(body))
            for place in range(0, len(body), 8):
                writer.write(body[place : place + 8])
                await writer.drain()
                await asyncio.sleep(0.25)
            line = await reader.readline()
            self.tally.note("slow", int(line.split()[1]) if line else 408, {200, 408})
        finally:
            writer.close()

    async def guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (httpx.HTTPError, OSError, asyncio.IncompleteReadError) as error:
            self.tally.unexplained[type(error).__name__, 0] += 1

    async def capacity(self, seconds: float) -> float:
        """Requests per second of eight clients in a loop."""
        count, end = 0, time.monotonic() + seconds

        async def one() -> None:
            nonlocal count
            while time.monotonic() < end:
                path, body = self.body()
                count += (await self.client.post(path, json=body)).status_code == 200

        await asyncio.gather(*(one() for _ in range(8)))
        return count / seconds

    def sample(self) -> dict[str, float]:
        """Memory, descriptors and threads of the server."""
        own = Path(f"/proc/{self.pid}")
        rss = int((own / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        return {"rss": rss, "fds": len(list((own / "fd").iterdir())), "threads": len(list((own / "task").iterdir()))}

    async def metrics(self) -> dict[str, float]:
        """The server's own counters, each summed over its labels."""
        found: Counter[str] = Counter()
        for line in (await self.client.get("/metrics")).text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name.partition("{")[0]] += float(value)
        return dict(found)

    async def run(self, seconds: float) -> float:
        """Send for so many seconds; return the rate."""
        capacity = await self.capacity(min(5.0, seconds / 10))
        rate = min(max(LOAD * capacity, LEAST_PER_SECOND), MOST_PER_SECOND)
        works = [self.good, self.read, self.canary, self.leave, self.malformed, self.slow]
        weights = [84, 6, 2, 5, 2, 1]
        begun = time.monotonic()
        sampled, tasks = begun, set[asyncio.Task[None]]()
        due = begun
        while (now := time.monotonic()) < begun + seconds:
            # A burst in the last fifth of each five minutes, or of a run that is shorter; not in its last tenth.
            span = min(300.0, seconds)
            share = (now - begun) % span / span
            burst = 0.7 <= share < 0.9
            self.tally.burst = burst or (self.tally.burst and 0.9 <= share < 0.97)
            due += self.random.expovariate(rate * (3 / LOAD if burst else 1))
            if len(tasks) < 2000:
                task = asyncio.ensure_future(self.guarded(self.random.choices(works, weights)[0]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            if now - sampled > min(10.0, seconds / 20):
                sampled = now
                self.samples.append({"at": now - begun, **self.sample()})
            await asyncio.sleep(max(due - time.monotonic(), 0))
            due = max(due, time.monotonic() - 1)  # a client that is late does not make up for minutes
        self.tally.burst = True
        await asyncio.gather(*tasks)
        return rate

    def growth(self, name: str) -> float:
        """How much the last quarter of the samples is above the second one, as a ratio of medians."""
        values = [each[name] for each in self.samples]
        quarter = max(len(values) // 4, 1)
        return statistics.median(values[-quarter:]) / statistics.median(values[quarter : 2 * quarter] or values)


def tail(seconds: list[tuple[float, float]], low: float, high: float) -> float:
    """The p99 of requests that began between two moments, in milliseconds."""
    some = sorted(took for begun, took in seconds if low <= begun < high)
    return some[int(0.99 * (len(some) - 1))] * 1e3 if some else 0.0


async def soak(port: int, pid: int, seconds: float, seed: int) -> list[str]:
    """Run, print what was measured, and return the bars that were missed."""
    run = Soak(port, pid, seed)
    begun = time.monotonic()
    rate = await run.run(seconds)
    await asyncio.sleep(1.0)
    counted, tally = await run.metrics(), run.tally
    answered = sum(tally.statuses.values())
    print(f"{answered:,} answers at {rate:.0f} requests/s, {tally.cancelled} cancelled, in {seconds:.0f} s")
    by_status: Counter[int] = Counter()
    for (_, status), count in tally.statuses.items():
        by_status[status] += count
    print("statuses:", dict(sorted(by_status.items())))
    third = seconds / 3
    early, late = (tail(tally.seconds, begun + a * third, begun + (a + 1) * third) for a in (0, 1))
    print(f"p99 of the first third {early:.0f} ms, of the second {late:.0f} ms")
    for each in run.samples[:: max(len(run.samples) // 12, 1)]:
        print("  " + "  ".join(f"{name} {value:.0f}" for name, value in each.items()))
    growths = {name: run.growth(name) for name in ("rss", "fds", "threads")}
    print("last quarter over the second:", {name: round(value, 3) for name, value in growths.items()})
    lateness = counted["torso_loop_late_seconds_sum"] / max(counted["torso_loop_late_seconds_count"], 1)
    print(f"loop lateness, mean: {lateness * 1e3:.1f} ms")
    missed: list[str] = []
    if tally.unexplained:
        missed.append(f"unexplained: {dict(tally.unexplained)}")
    if len(tally.canaries) != 1:
        missed.append(f"the canary's vector had {len(tally.canaries)} forms")
    if counted["torso_requests_in_progress"] != 1 or counted["torso_queue_tokens"] != 0:
        missed.append("requests or tokens are left over")
    if growths["rss"] > (1.05 if seconds >= 600 else 1.15):  # a short run still meets its first long batches
        missed.append(f"memory grew by {growths['rss']:.3f}")
    for name, most in (("threads", MOST_THREADS), ("fds", MOST_DESCRIPTORS)):
        if (highest := max(each[name] for each in run.samples)) > most:
            missed.append(f"{name} rose to {highest:.0f}")
    await run.client.aclose()
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--check", action="store_true", help="end with 1 if a bar is missed")
    parser.add_argument("models", nargs="*", default=MODELS, help="embed=, sentiment= and tagger= must be among them")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    print(f"seed {given.seed}")
    command = [sys.executable, "-m", "torso", "serve", *given.models, "--port", str(port), "--no-log"]
    server = subprocess.Popen([*command, "--queue-seconds", "5"])
    try:
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                    break
            if server.poll() is not None or time.monotonic() > end:
                raise SystemExit("the server is not ready")
            time.sleep(0.1)
        missed = asyncio.run(soak(port, server.pid, given.minutes * 60, given.seed))
    finally:
        server.terminate()
        code = server.wait(60)
    missed += [f"the server ended with {code}"] if code else []
    print("missed: " + "; ".join(missed) if missed else "every bar is met")
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
