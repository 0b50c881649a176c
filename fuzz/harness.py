"""What every fuzzer here is run by: one input at a time, each in a child process that cannot exceed its limits.

A fuzzer gives `hunt` two functions: one makes an input from a random number generator, the other tries it. An input
passes where it is accepted, or refused with a `TorsoError`, within the limits. Everything else is a finding: another
exception, a death by a signal, too much processor time, too much memory. Each cause is kept once, as a file
that ``--replay`` tries again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import random
import resource
import selectors
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

Make = Callable[[random.Random], bytes]
Attempt = Callable[[bytes], object]

_MIB = 1 << 20
_ROOM = 2  # times the limit of memory, at which a child is refused more: up to there, it is measured
_WAITED = 60  # times the limit of time that a child may wait: a busy machine gives it little of its processors
_KEPT = 5  # findings of one kind, where nothing else tells them apart
_REPORT = 10.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Limits:
    """What one input may take."""

    seconds: float = 5.0  # of processor time
    memory: int = 300  # MiB beyond what the process has before it


@dataclass(frozen=True)
class Outcome:
    """What came of one input."""

    kind: str  # "accepted", "refused", "untyped", "signal", "slow", "memory"
    detail: str  # the error's code; the last line of a traceback
    place: str  # where an untyped error was raised
    seconds: float
    memory: float  # MiB

    @property
    def passes(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.kind in ("accepted", "refused")

    @property
    def signature(self) -> str:
        """Equal for findings of one cause, as far as can be seen from outside."""
        return f"{self.kind} {self.place}".strip()


def tried(attempt: Attempt, data: bytes, limits: Limits, baseline: float = 0.0) -> Outcome:
    """What comes of ``attempt(data)`` in a child process.

    Args:
        attempt: raises a `TorsoError` for what it refuses.
        data: the input.
        limits: of processor time and memory.
        baseline: peak memory of a child that does nothing, in MiB, as `idle_memory` measures it.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(attempt, data, limits, baseline, writing)
    os.close(writing)
    said = _heard(reading, child, limits.seconds * _WAITED)
    os.close(reading)
    _, status, usage = os.wait4(child, 0)
    spent = usage.ru_utime + usage.ru_stime
    memory = max(0.0, usage.ru_maxrss / 1024 - baseline)
    kind, detail, place = said or ("signal", f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "exit", "")
    if memory > limits.memory:
        kind, detail = "memory", f"{memory:.0f} MiB ({detail})"
    elif spent > limits.seconds or (kind == "signal" and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)):
        kind, detail = "slow", f"{spent:.1f} s ({detail})"
    return Outcome(kind, detail, place, spent, memory)


def _run(attempt: Attempt, data: bytes, limits: Limits, baseline: float, writing: int) -> None:
    """The child: tries the input, writes what came of it, and ends."""
    from torso.errors import TorsoError

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most, seconds = size + limits.memory * _ROOM * _MIB, int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    said = ("accepted", "", "")
    try:
        attempt(data)
    except TorsoError as error:
        said = ("refused", error.code, "")
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].name}" if frames else ""
        kind = "memory" if isinstance(error, MemoryError) else "untyped"
        said = (kind, f"{type(error).__name__}: {str(error)[:200]}", place)
    os.write(writing, pickle.dumps(said))
    os._exit(0)


def _heard(reading: int, child: int, seconds: float) -> tuple[str, str, str] | None:
    """What the child wrote; None where it died. One that waits longer than ``seconds`` is killed."""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        if not selector.select(seconds):
            os.kill(child, signal.SIGKILL)
            return None
    said = os.read(reading, 65536)
    return pickle.loads(said) if said else None


def idle_memory() -> float:
    """The peak memory of a child that does nothing, in MiB: what the parent has loaded already."""
    return tried(lambda _: None, b"", Limits()).memory


def hunt(
    about: str,
    make: Make,
    attempt: Attempt,
    *,
    known: Iterable[bytes] = (),
    limits: Limits | None = None,
    arguments: list[str] | None = None,
) -> int:
    """Runs a fuzzer from its command line; 1 if it found anything, else 0.

    Args:
        about: what it hunts for, for ``--help``.
        make: makes an input from a random number generator.
        attempt: tries an input; it raises a `TorsoError` for what it refuses.
        known: inputs tried first, such as those of faults that were mended.
        limits: of one input.
        arguments: of the command line; None takes the process's.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seconds", type=float, default=60, help="how long to go on")
    parser.add_argument("--seed", type=int, default=None, help="of the random numbers; another each time by default")
    parser.add_argument("--findings", type=Path, default=Path("findings"), help="folder for the inputs of findings")
    parser.add_argument("--replay", type=Path, nargs="+", help="files to try instead")
    asked = parser.parse_args(arguments)
    limits = limits or Limits()
    baseline = idle_memory()
    if asked.replay:
        outcomes = [(path, tried(attempt, path.read_bytes(), limits, baseline)) for path in asked.replay]
        for path, outcome in outcomes:
            print(f"{path}: {outcome.kind} {outcome.detail} {outcome.seconds:.2f} s {outcome.memory:.0f} MiB")
        return int(not all(outcome.passes for _, outcome in outcomes))
    seed = random.SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    print(f"seed {seed}, {asked.seconds:.0f} s, limits {limits.seconds:g} s and {limits.memory} MiB", flush=True)
    found: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    slowest = largest = 0.0
    begun = reported = time.monotonic()
    for data in _inputs(make, random.Random(seed), known):
        outcome = tried(attempt, data, limits, baseline)
        counts[outcome.kind if outcome.kind != "refused" else outcome.detail] += 1
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.memory)
        if not outcome.passes:
            found[outcome.signature] += 1
            if found[outcome.signature] <= (1 if outcome.place else _KEPT):
                _keep(asked.findings, data, outcome)
        now = time.monotonic()
        if now - reported > _REPORT or now - begun > asked.seconds:
            reported = now
            tally = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
            print(f"{now - begun:.0f} s: {tally}; at most {slowest:.2f} s, {largest:.0f} MiB", flush=True)
        if now - begun > asked.seconds:
            break
    return int(bool(found))


def _inputs(make: Make, chance: random.Random, known: Iterable[bytes]) -> Iterator[bytes]:
    yield from known
    while True:
        yield make(chance)


def _keep(folder: Path, data: bytes, outcome: Outcome) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome.kind}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"{path}: {outcome.kind}: {outcome.detail} {outcome.place}", flush=True)
