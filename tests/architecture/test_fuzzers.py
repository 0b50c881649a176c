"""The fuzzers start: what they import of the library and of the tests is there under the names that it has now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parents[2] / "fuzz"
START = """
import sys
from importlib import import_module
from random import Random
for name in sys.argv[1:]:
    module = import_module(name)
    for attribute in ("build", "make"):
        assert not hasattr(module, attribute) or callable(getattr(module, attribute))
"""


def test_every_fuzzer_can_be_started() -> None:
    names = sorted(path.stem for path in FUZZ.glob("*.py") if not path.stem.startswith("_"))
    assert len(names) > 10
    done = subprocess.run(
        [sys.executable, "-c", START, *names], cwd=FUZZ, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
