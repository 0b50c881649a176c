"""The kernels linked with musl, run on musl: ``python -m tests.platforms.musl``.

Of Debian's nothing but its package of musl is built on it, so that the sanitizers' driver stands for Python: every
function over random shapes, on every instruction set of this processor, and on ARM64 by qemu. Takes about three
minutes, and needs what the extra ``wheels`` brings.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.kernels.sanitize.build import build_driver
from tests.platforms.foreign_root import make_root, tool
from tools.wheel_platforms import PLATFORMS
from torso.kernels.compile import every_set

# Without it zig watches for undefined behaviour, by code of its own that asks for a newer musl than Debian's.
OPTIMISED = "-O2"


def main() -> None:
    """Build and run."""
    run("musl-x86-64", "amd64", [], [OPTIMISED], rounds=20)
    # A process of several threads that forks ends qemu itself.
    run("musl-arm64", "arm64", [tool("qemu-aarch64"), "-cpu", "max"], [OPTIMISED, "-DNO_FORKS"], rounds=5)


def run(name: str, debian: str, emulator: list[str], flags: list[str], rounds: int) -> None:
    """Run the driver on a platform of `PLATFORMS`, which Debian calls ``debian``."""
    platform = PLATFORMS[name]
    with tempfile.TemporaryDirectory() as folder:
        dynamic = (*platform.compiler, "-dynamic")
        program = build_driver(Path(folder), dynamic, flags, every_set(platform.machine))
        root = make_root(Path(folder, "debian"), debian, ["musl"])
        (loader,) = root.glob("lib/ld-musl-*.so.1")
        print(f"{name}: ", end="", flush=True)
        subprocess.run([*emulator, str(loader), "--library-path", folder, str(program), "1", str(rounds)], check=True)


if __name__ == "__main__":
    main()
