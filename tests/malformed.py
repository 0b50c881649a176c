"""Malformed inputs, each tried in a child process with limits on memory and time, many in one child.

A `Case` says how to build a folder, what to call on it and which code must come. `run` builds all, runs them in one
child and gives an `Outcome` for each. A case that kills or hangs the child has no outcome, and its test fails.

The same file is the child's program: ``python malformed.py MEMORY_LIMIT`` reads the cases as JSON from its input.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True)
class Case:
    """One malformed input.

    Attributes:
        row: its number in the catalogue of malformed inputs.
        name: what it is, unique among the cases of one run.
        build: fills an empty folder with it; gives the path to call on, or None for the folder itself.
        code: the code of the `TorsoError` that must come; empty where the input must be taken.
        call: ``module:function`` that the child calls with the path.
        seconds: the most processor time that the call may take; after 30 by the clock the child is killed.
    """

    row: int
    name: str
    build: Callable[[Path], Path | None]
    code: str
    call: str = "torso.weights.weights:open_weights"
    seconds: float = 5.0

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"


@dataclass(frozen=True)
class Outcome:
    """What a call came to: code and message of the error, its classes, seconds taken, what was left behind."""

    code: str
    text: str
    kinds: list[str]
    seconds: float
    torch: bool
    new_files: list[str]


def run(cases: Sequence[Case], directory: Path, *, memory: int) -> dict[Case, Outcome]:
    """The outcome of every case, all in one child of at most ``memory`` bytes of address space."""
    places: list[Path] = []
    for number, case in enumerate(cases):
        folder = directory / str(number)
        folder.mkdir()
        places.append(case.build(folder) or folder)
    before = [_listing(directory / str(number)) for number in range(len(cases))]
    orders = [[case.call, str(place)] for case, place in zip(cases, places, strict=True)]
    child = subprocess.run(
        [sys.executable, __file__, str(memory)],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TORSO_LANG": "en"},
    )
    lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
    outcomes: dict[Case, Outcome] = {}
    for number, (case, line) in enumerate(zip(cases, lines, strict=False)):
        new = sorted(_listing(directory / str(number)) - before[number])
        outcomes[case] = Outcome(new_files=new, **line)
        shutil.rmtree(directory / str(number))  # some are large, and pytest keeps what tests leave
    if len(lines) < len(cases):
        print(f"the child ended with {child.returncode} in {cases[len(lines)]}:\n{child.stderr[-2000:]}")
    return outcomes


def check(case: Case, outcomes: dict[Case, Outcome]) -> None:
    """Asserts what is promised of every input: the code, a typed error, in time, and nothing left behind."""
    outcome = outcomes[case]
    assert (outcome.code, outcome.text if outcome.code != case.code else "") == (case.code, "")
    assert not case.code or "TorsoError" in outcome.kinds
    assert outcome.seconds < case.seconds
    assert outcome.new_files == []


def _listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _forbid(event: str, _arguments: tuple[object, ...]) -> None:
    if event in ("os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect"):
        raise SystemExit(f"the input made torso do {event}")


def _call(target: str, place: Path) -> dict[str, object]:
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    signal.alarm(30)
    begin = time.process_time()  # and not the clock: another process may be busy on the same core
    error: BaseException | None = None
    try:
        function(place)
    except Exception as raised:
        error = raised
    return {
        "seconds": time.process_time() - begin,
        "code": "" if error is None else str(getattr(error, "code", type(error).__name__)),
        "text": "" if error is None else f"{error}",
        "kinds": [] if error is None else [kind.__name__ for kind in type(error).__mro__],
        "torch": "torch" in sys.modules,
    }


def _child() -> None:
    import resource

    orders = json.load(sys.stdin)
    for target, _ in orders:
        importlib.import_module(target.partition(":")[0])
    limit = int(sys.argv[1])
    if limit > 2 * GIB:
        importlib.import_module("torch")
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_forbid)
    for target, place in orders:
        print(json.dumps(_call(target, Path(place))), flush=True)


if __name__ == "__main__":
    _child()
