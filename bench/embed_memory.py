"""Peak memory of ``torso embed`` over a file of 1,000 and of 100,000 short texts, on the kernels and on PyTorch.

python bench/embed_memory.py [MODEL]
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import ENVIRONMENT, minilm

WORDS = [
    *("the", "of", "model", "language", "sentence", "query", "answer", "time"),
    *("people", "world", "water", "house", "weather", "city", "system", "music"),
]


def peak(arguments: list[str], kernels: str) -> tuple[int, float]:
    """The most memory that a process held, in MB, and its seconds; ``kernels`` is the value of ``TORSO_KERNELS``."""
    begun = time.perf_counter()
    environment = ENVIRONMENT | {"TORSO_KERNELS": kernels}
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"it ended with status {status}")
    return usage.ru_maxrss // 1024, time.perf_counter() - begun


def main() -> None:
    """Prints one line per engine and number of texts."""
    model = sys.argv[1] if len(sys.argv) > 1 else str(minilm())
    for engine, kernels in (("kernels", ""), ("PyTorch", "0")):
        chosen, first = random.Random(0), 0
        with tempfile.TemporaryDirectory() as name:
            for count in (1_000, 100_000):
                texts = Path(name) / "texts.txt"
                texts.write_text(
                    "".join(" ".join(chosen.choices(WORDS, k=chosen.randint(3, 12))) + "\n" for _ in range(count))
                )
                output = Path(name) / "vectors.npy"
                command = ["-m", "torso", "embed", "--file", str(texts), "--output", str(output), "--model", model]
                most, seconds = peak(command, kernels)
                first = first or most
                print(f"{engine:8} {count:7} texts  peak {most} MB  ({most - first:+} MB)  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
