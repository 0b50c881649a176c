"""The kernels of a wheel, by zig's Clang, beside those of the local compiler, GCC.

python bench/wheel.py dist/torso-…-manylinux….whl [--rounds N] [--texts N] [--clock process]

Two processes stay, one with each library, and take turns at the same texts, so that what else the machine does falls on
both alike. Told are medians, and the median of the ratios round by round with its 95 % interval by bootstrap. The local
library is that of the checkout (``make kernels``); both choose their best instruction set here.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from side_by_side import ENVIRONMENT, minilm

WORDS = ["the", "of", "and", "quiet", "river", "model", "writes", "a", "letter", "to", "its", "oldest", "friend"]
WORKER = """
import json, sys, time
from pathlib import Path
from torso.kernels import library
import torso
from torso.tasks import make_ready
if sys.argv[1]:
    library.file = lambda: Path(sys.argv[1])
texts, model = json.loads(sys.stdin.readline()), sys.argv[2]
modes = library.about().modes
ready = {mode: torso.compiled(model, torso.Task.FEATURES, mode=mode) for mode in modes}
clock = time.process_time if sys.argv[3] == "process" else time.perf_counter
print(json.dumps([library.about().instruction_set, list(modes)]), flush=True)
for line in sys.stdin:
    begun = clock()
    torso.embed(texts, model=ready[line.strip()])
    print(clock() - begun, flush=True)
"""


class Side:
    """A process with one library."""

    def __init__(self, library: str, texts: list[str], clock: str) -> None:
        command = [sys.executable, "-c", WORKER, library, str(minilm()), clock]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=ENVIRONMENT)
        self.set, self.modes = json.loads(self.ask(json.dumps(texts)))

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


def interval(ratios: list[float]) -> tuple[float, float]:
    draw = random.Random(0)
    found = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return found[50], found[-51]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--clock", choices=("wall", "process"), default="wall", help="process: on a busy machine")
    asked = parser.parse_args()
    draw = random.Random(7)
    texts = [" ".join(draw.choices(WORDS, k=min(200, 4 + int(draw.expovariate(1 / 30))))) for _ in range(asked.texts)]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(asked.wheel) as archive:
        library = archive.extract("torso/kernels/_native.so", folder)
        sides = {"wheel": Side(library, texts, asked.clock), "local": Side("", texts, asked.clock)}
        sets = {name: side.set for name, side in sides.items()}
        assert len(set(sets.values())) == 1, sets
        print(f"{sets['local']}, {asked.rounds} rounds, seconds of {asked.clock} time")
        for mode in sides["local"].modes:
            times: dict[str, list[float]] = {name: [] for name in sides}
            for number in range(asked.rounds + 1):
                for name in sorted(sides, reverse=number % 2 == 1):
                    spent = float(sides[name].ask(mode))
                    if number:  # the first warms
                        times[name].append(spent)
            ratios = [local / wheel for local, wheel in zip(times["local"], times["wheel"], strict=True)]
            low, high = interval(ratios)
            medians = {name: statistics.median(each) for name, each in times.items()}
            print(
                f"{mode:6} wheel {medians['wheel']:.4f}, local {medians['local']:.4f}: "
                f"the wheel's speed {statistics.median(ratios):.3f} x [{low:.3f}, {high:.3f}]",
                flush=True,
            )
        for side in sides.values():
            side.process.terminate()


if __name__ == "__main__":
    main()
