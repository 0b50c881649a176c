"""The wheels for musl: ``python -m tests.platforms.musl``.

First the kernels: the sanitizers' driver calls every function over random shapes, on every instruction set of this
processor, and on ARM64 by qemu. Then README's first block and the numbers of models, by a Python that is built here, of
which Debian has none for musl. Takes about fifteen minutes, and needs what the extra ``wheels`` brings.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.kernels.sanitize.build import build_driver
from tests.platforms.compare import hold, install_for, model_folder
from tests.platforms.foreign_root import make_root, tool
from tests.platforms.musl_python import VERSION, download, make_python
from tools.wheel_platforms import PLATFORMS
from tools.wheels import at_hand
from torso.kernels.compile import every_set

# Without it zig watches for undefined behaviour, by code of its own that asks for a newer musl than Debian's.
OPTIMISED = "-O2"


def main() -> None:
    """Build and run."""
    emulator = [tool("qemu-aarch64"), "-cpu", "max"]
    drive("musl-x86-64", "amd64", [], [OPTIMISED], rounds=20)
    # A process of several threads that forks ends qemu itself.
    drive("musl-arm64", "arm64", emulator, [OPTIMISED, "-DNO_FORKS"], rounds=5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        published, models = download(folder / "source"), model_folder(folder / "models")
        native = None
        for platform, debian, by in (("musl-x86-64", "amd64", []), ("musl-arm64", "arm64", emulator)):
            python = make_python(PLATFORMS[platform], debian, published, folder / platform, native)
            native = native or python
            wheel, site = at_hand(platform, folder), folder / f"{platform}-site"
            tags = [f"musllinux_1_{number}_{PLATFORMS[platform].machine}" for number in (1, 2)]
            install_for(wheel, site, VERSION, tags)
            print(f"{platform}: {hold([*by, *python], models, {'PYTHONPATH': str(site)})}", flush=True)


def drive(name: str, debian: str, emulator: list[str], flags: list[str], rounds: int) -> None:
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
