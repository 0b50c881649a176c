"""MiniLM in this tree beside an earlier commit: interleaved rounds, and a bootstrap interval of the ratio.

python -m bench.beside_commit 5217fcd --rounds 15     about 4 minutes on two idle cores

The commit is checked out and its kernels are compiled in a temporary folder; both trees share the installed packages.
Each tree has one process for each mode, which waits while another one works. A ratio above 1 is faster now.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.side_by_side import ENVIRONMENT, minilm

ROOT = Path(__file__).resolve().parents[1]
WORDS = ["the", "model", "reads", "a", "text", "of", "some", "length", "and", "gives", "one", "vector", "for", "it"]
DRAWS = 10_000

WORKER = """
import sys, time
from pathlib import Path
from torso import encode, load, load_tokenizer, optimise
import torso
assert Path(torso.__file__).is_relative_to(sys.argv[1]), torso.__file__
folder, mode, count = sys.argv[2], sys.argv[3], int(sys.argv[4])
model, tokenizer = load(folder), load_tokenizer(folder)
model = model if mode == "default" else optimise(model, mode)
texts = sys.stdin.readline().rstrip("\\n").split("\\t")
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(count):
        encode(texts, model=model, tokenizer=tokenizer)
    print(time.perf_counter() - start, flush=True)
"""


def texts(count: int) -> list[str]:
    """Texts of 3 to 120 words, the same in every run."""
    dice = random.Random(0)
    return [" ".join(dice.choices(WORDS, k=dice.randint(3, 120))) for _ in range(count)]


class Worker:
    """A process that embeds the texts once per request and says how long it took."""

    def __init__(self, tree: Path, mode: str, given: Sequence[str], repeat: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tree), str(minilm()), mode, str(repeat)],
            env={**ENVIRONMENT, "PYTHONPATH": str(tree / "src")},
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._send("\t".join(given))

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def seconds(self) -> float:
        """Embed the texts; return the seconds."""
        self._send("go")
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median ratio."""
    dice = random.Random(1)
    drawn = sorted(statistics.median(dice.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return drawn[DRAWS // 40], drawn[-DRAWS // 40 - 1]


def checked_out(commit: str, folder: Path) -> Path:
    """Check a commit out into a folder and compile its kernels."""
    tree = folder / "tree"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), commit], cwd=ROOT, check=True)
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tree / "src")}
    subprocess.run([sys.executable, "-m", "torso.kernels.compile"], cwd=tree, env=environment, check=True)
    return tree


def compare(before: Path, modes: Sequence[str], rounds: int, count: int, repeat: int) -> None:
    """Run the rounds and print a line for each mode."""
    given = texts(count)
    print(f"{'mode':10} {'before s':>10} {'now s':>10} {'before / now':>14} {'95 % interval':>18}")
    for mode in modes:
        workers = [Worker(before, mode, given, repeat), Worker(ROOT, mode, given, repeat)]
        times: list[tuple[float, float]] = []
        for number in range(rounds + 1):
            order = workers if number % 2 else workers[::-1]  # neither is always the first
            taken = {worker: worker.seconds() for worker in order}
            if number:  # the first round warms both up
                times.append((taken[workers[0]], taken[workers[1]]))
        for worker in workers:
            worker.close()
        ratios = [old / new for old, new in times]
        low, high = interval(ratios)
        old, new = (statistics.median(each) for each in zip(*times, strict=True))
        print(f"{mode:10} {old:10.3f} {new:10.3f} {statistics.median(ratios):14.3f} {low:8.3f} to {high:.3f}")


def main() -> None:
    """Compare this tree with a commit."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("commit", nargs="?", default="5217fcd")
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--modes", nargs="+", default=["default", "exact"], help="default, or modes of torso.optimise")
    asked.add_argument("--texts", type=int, default=64)
    asked.add_argument("--repeat", type=int, default=4, help="times that a round embeds the texts")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            before = checked_out(given.commit, Path(folder))
            compare(before, given.modes, given.rounds, given.texts, given.repeat)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(Path(folder, "tree"))], cwd=ROOT, check=False)


if __name__ == "__main__":
    main()
