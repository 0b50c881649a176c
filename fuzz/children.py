"""Mutated inputs, tried in child processes with limits: what every fuzzer of a parser shares.

A target must take every input, or refuse it with a `TorsoError`, within 5 s of processor time and 300 MB. An input is
made from the seed and its number alone, so that a finding can be made again: ``--seed S --only NUMBER``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

SECONDS = 5
MEGABYTES = 300
_ADDRESS_SPACE = 4 << 30
_BATCH = 200


@dataclass(frozen=True)
class Target:
    """A parser.

    Attributes:
        name: what findings call it.
        build: fills an empty folder with the input of a random generator, and gives the path to call on.
        call: the parser.
    """

    name: str
    build: Callable[[random.Random, Path], Path]
    call: Callable[[Path], object]


@dataclass(frozen=True)
class Finding:
    """An input that was not answered as promised."""

    target: str
    number: int
    what: str


def main(*targets: Target) -> None:
    """Runs fuzzers for as long as the command line says; ends with status 1 where there are findings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one input, with its traceback")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs of findings")
    options = parser.parse_args()
    found: list[Finding] = []
    tried = 0
    for target in targets:
        end, number = time.monotonic() + options.seconds / len(targets), options.only or 0
        while time.monotonic() < end:
            count = 1 if options.only is not None else _BATCH
            done, finding = _batch(target, options.seed, number, count, end, options.keep)
            number, tried = number + done, tried + done
            if finding:
                found.append(finding)
                print(f"{finding.target} --seed {options.seed} --only {finding.number}: {finding.what}", flush=True)
            if options.only is not None:
                break
    print(f"{', '.join(target.name for target in targets)}: {tried:,} inputs, {len(found)} findings", flush=True)
    raise SystemExit(1 if found else 0)


def _batch(
    target: Target, seed: int, first: int, count: int, end: float, keep: Path | None
) -> tuple[int, Finding | None]:
    """Tries inputs one after another in one child, up to the first finding; gives how many were tried."""
    folder = Path(tempfile.mkdtemp())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            _child(target, seed, range(first, first + count), end, folder, writer)
        except BaseException:
            traceback.print_exc()
            os._exit(2)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        lines = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    what = lines[-1].get("what", "") if lines else "the child did not start"
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        what = f"more than {SECONDS} s" if name == "SIGPROF" else f"killed by {name}"
    if what and keep and lines:
        shutil.copytree(folder, keep / f"{target.name}-{seed}-{lines[-1]['number']}", dirs_exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    number = lines[-1]["number"] if lines else first
    return number - first + 1, Finding(target.name, number, what) if what else None


def _child(target: Target, seed: int, numbers: Sequence[int], end: float, folder: Path, writer: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in numbers:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            place = target.build(random.Random(f"{target.name}:{seed}:{number}"), folder)
        except (RecursionError, MemoryError):  # too deep or too large to be made, which says nothing of the parser
            os.write(writer, f'{{"number": {number}}}\n'.encode())
            continue
        os.write(writer, f'{{"number": {number}}}\n'.encode())
        what = _tried(target, place, loud=len(numbers) == 1)
        if what:
            os.write(writer, (json.dumps({"number": number, "what": what}) + "\n").encode())
            return
        if time.monotonic() > end:
            return


def _tried(target: Target, place: Path, *, loud: bool) -> str:
    from torso.errors import TorsoError

    _forget_peak()
    before = _resident("VmRSS")
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        target.call(place)
    except TorsoError as error:
        if loud:
            print(error)
        str(error)
    except Exception as error:
        if loud:
            traceback.print_exc()
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:150]} ({Path(last.filename).name}:{last.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    grown = _resident("VmHWM") - before
    return f"{grown} MB" if grown > MEGABYTES else ""


def _resident(name: str) -> int:
    """Megabytes of this process: now (VmRSS) or at most (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) >> 10
    return 0


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")
