"""The kernels under AddressSanitizer with UndefinedBehaviorSanitizer, then ThreadSanitizer.

``python -m tests.kernels.sanitize``.

Compiles them anew with each, and a driver that runs every function over random shapes. Ends with an error at the first
finding. Takes GCC with its sanitizers, and about a minute and a half on two cores.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.kernels.sanitize.build import build_driver
from torso.kernels.compile import CompileError, compiler

SANITIZERS = {"address,undefined": 90, "thread": 20}
"""What the compiler is asked for, and rounds of the driver."""
# Less is optimised than in the kernels that are installed, which keeps every load that a sanitizer would watch.
FLAGS = ("-O1", "-g1", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all")


def main() -> int:
    """Runs both; gives the exit status."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked.add_argument("--only", choices=list(SANITIZERS), help="one sanitizer alone")
    given = asked.parse_args()
    for name, rounds in SANITIZERS.items():
        if given.only in (None, name):
            print(f"{name}, seed {given.seed}", flush=True)
            if status := run(name, given.seed, rounds):
                return status
    return 0


def run(sanitizer: str, seed: int, rounds: int) -> int:
    """Compiles with a sanitizer, and runs the driver; gives its exit status."""
    flags = [f"-fsanitize={sanitizer}", *FLAGS]
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = build_driver(Path(folder), compiler(), flags)
        except CompileError as error:
            print(error, file=sys.stderr)
            return 1
        # A thread of the kernels sleeps for as long as the process lives: what it holds is no leak.
        options = {
            "ASAN_OPTIONS": "detect_leaks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "TSAN_OPTIONS": "halt_on_error=1",
        }
        return subprocess.run([program, str(seed), str(rounds)], env={**os.environ, **options}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
