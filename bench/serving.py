"""Requests per second of `torso serve` beside FastAPI with sentence-transformers, as people write it.

Both are processes on loopback, asked in turns by one open or closed loop of bounded length; ratios of medians count.

    python bench/serving.py --model sentence-transformers/all-MiniLM-L6-v2 --rounds 5 --seconds 5 --clients 16

The peer needs fastapi beside sentence-transformers; where it is not installed, starlette stands in its place, which is
what FastAPI is made of: that favours the peer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

PEER = """
import sys, json, uvicorn
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1])
model.encode(["warm up"])
def embed(texts):
    return {"data": [{"embedding": row.tolist()} for row in model.encode(texts)]}
try:
    from fastapi import FastAPI
    from pydantic import BaseModel
    class Asked(BaseModel):
        input: list[str]
    app = FastAPI()
    @app.post("/v1/embeddings")
    def route(asked: Asked):
        return embed(asked.input)
    @app.get("/readyz")
    def ready():
        return {"status": "ok"}
except ImportError:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    async def route(request):
        body = await request.json()
        return JSONResponse(await run_in_threadpool(embed, body["input"]))
    async def ready(request):
        return JSONResponse({"status": "ok"})
    app = Starlette(routes=[Route("/v1/embeddings", route, methods=["POST"]), Route("/readyz", ready)])
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""
WORDS = [
    "the",
    "weather",
    "today",
    "is",
    "very",
    "nice",
    "and",
    "we",
    "read",
    "a",
    "good",
    "book",
    "about",
    "old",
    "cities",
    "near",
    "the",
    "sea",
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def start(command: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{command[0]} is not ready")


async def load(port: int, clients: int, texts: int, seconds: float, seed: int) -> tuple[float, list[float]]:
    """Ask in a closed loop; return the texts per second and the seconds of each request."""
    drawn = random.Random(seed)
    bodies = [
        json.dumps({"input": [" ".join(drawn.choices(WORDS, k=drawn.randint(4, 20))) for _ in range(texts)]})
        for _ in range(64)
    ]
    times: list[float] = []
    end = time.monotonic() + seconds

    async def one(client: httpx.AsyncClient, number: int) -> None:
        while time.monotonic() < end and len(times) < 100_000:
            begun = time.monotonic()
            body = bodies[(number + len(times)) % len(bodies)]
            answer = await client.post("/v1/embeddings", content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 200, answer.text[:200]
            times.append(time.monotonic() - begun)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        begun = time.monotonic()
        await asyncio.gather(*(one(client, number) for number in range(clients)))
        return len(times) * texts / (time.monotonic() - begun), times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--texts", type=int, default=1, help="of a request")
    given = parser.parse_args()
    peer_file = Path(os.environ.get("TMPDIR", "/tmp")) / f"torso-peer-{os.getpid()}.py"
    peer_file.write_text(PEER, encoding="utf-8")
    ports = {"torso": free_port(), "peer": free_port()}
    own = [sys.executable, "-m", "torso", "serve", given.model, "--port", str(ports["torso"]), "--no-log"]
    running = []
    try:
        running.append(start(own, ports["torso"]))
        running.append(start([sys.executable, str(peer_file), given.model, str(ports["peer"])], ports["peer"]))
        rates: dict[str, list[float]] = {name: [] for name in ports}
        times: dict[str, list[float]] = {name: [] for name in ports}
        for number in range(given.rounds):
            for name, port in ports.items():
                rate, took = asyncio.run(load(port, given.clients, given.texts, given.seconds, number))
                rates[name].append(rate)
                times[name] += took
        medians = {name: statistics.median(each) for name, each in rates.items()}
        for name, each in times.items():
            each.sort()
            p50, p90, p99 = (each[int(len(each) * share)] * 1e3 for share in (0.5, 0.9, 0.99))
            print(f"{name}: {medians[name]:.1f} texts/s; ms p50 {p50:.1f}, p90 {p90:.1f}, p99 {p99:.1f}")
        print(f"ratio of medians: {medians['torso'] / medians['peer']:.2f}")
    finally:
        peer_file.unlink(missing_ok=True)
        for process in running:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    main()
