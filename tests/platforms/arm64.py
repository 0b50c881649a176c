"""The wheel for ARM64, run by qemu as three processors, beside this machine: ``python -m tests.platforms.arm64``.

Takes Debian's qemu-user and about five minutes. Needs what the extra ``wheels`` brings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.platforms.foreign_root import PYTHON, make_root, tool
from tools.wheels import ROOT, build

PROCESSORS = {"cortex-a72": "baseline", "neoverse-n1": "neon_dotprod", "max": "neon_bf16"}
"""What qemu calls them, and the instruction set that torso shall choose on each."""
LIBC = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")
RESULTS = Path(__file__).with_name("results.py")
NEAR = 4e-6
"""Scores, vectors of length 1 and products of numbers about 1 on two processors."""


def main() -> None:
    """Build, install into a folder, run and compare."""
    qemu = tool("qemu-aarch64")
    with tempfile.TemporaryDirectory() as folder:
        wheel = build("linux-arm64", Path(folder))
        root = make_root(Path(folder, "debian"), "arm64", PYTHON)
        site = _installed(wheel, Path(folder, "site"))
        wanted = _results([sys.executable, str(RESULTS)], {"TORSO_KERNELS": "baseline"})
        for processor, chosen in PROCESSORS.items():
            python = [qemu, "-cpu", processor, "-L", str(root), "-E", f"PYTHONPATH={site}", "-E", "TORSO_LANG=en"]
            found = _results([*python, str(root / "usr/bin/python3.11"), str(RESULTS)], {})
            print(f"{processor}: {found['set']}, {_compared(found, wanted, chosen)}")


def _installed(wheel: Path, site: Path) -> Path:
    """Install a wheel with all it needs into a folder, by the pip of this machine."""
    platforms = [argument for tag in LIBC for argument in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(site), "--only-binary=:all:", *platforms]
    subprocess.run([*command, "-c", str(ROOT / "constraints.txt"), "--python-version", "3.11", str(wheel)], check=True)
    return site


def _results(command: list[str], settings: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def _compared(found: dict[str, Any], wanted: dict[str, Any], chosen: str) -> str:
    """Hold one machine's results to another's, and say how far they are apart."""
    assert found["set"] == chosen, f"{found['set']} was chosen, not {chosen}"
    assert found["words"] == wanted["words"], found["words"]
    assert found["alone"] == found["numbers"]["vectors exact"], "a text alone and among others gives other bits"
    farthest = 0.0
    for name, numbers in wanted["numbers"].items():
        apart = max(abs(a - b) for a, b in zip(found["numbers"][name], numbers, strict=True))
        assert apart <= NEAR, f"{name}: {apart}"
        farthest = max(farthest, apart)
    for name in found["numbers"].keys() - wanted["numbers"].keys():  # modes that the other lacks
        exact, other = (found["numbers"][each] for each in ("vectors exact", name))
        count = sum(a * a for a in exact)
        cosine = sum(a * b for a, b in zip(exact, other, strict=True)) / count
        assert cosine >= 0.999, f"{name}: {cosine}"
    return f"at most {farthest:.1e} from this machine's numbers"


if __name__ == "__main__":
    main()
