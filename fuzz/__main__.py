"""Runs every fuzzer of this folder, one after another: ``python -m fuzz --seconds N``, which they share."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

SHARED = ("__main__", "children", "harness", "mutations")


def main() -> int:
    """The number of fuzzers with findings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed = 0
    fuzzers = [path for path in sorted(Path(__file__).parent.glob("*.py")) if path.stem not in SHARED]
    each = options.seconds / len(fuzzers)
    for path in fuzzers:
        command = [sys.executable, str(path), "--seconds", f"{each:.1f}", "--seed", str(options.seed)]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
