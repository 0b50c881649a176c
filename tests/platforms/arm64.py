"""The wheel for ARM64, run by qemu as three processors, beside this machine: ``python -m tests.platforms.arm64``.

Takes Debian's qemu-user and about five minutes. Needs what the extra ``wheels`` brings.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.platforms.compare import hold, install_for, model_folder
from tests.platforms.foreign_root import make_root, packages_of, tool
from tools.wheels import at_hand

PROCESSORS = {"cortex-a72": "baseline", "neoverse-n1": "neon_dotprod", "max": "neon_bf16"}
"""What qemu calls them, and the instruction set that torso shall choose on each."""
TAGS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")


def main() -> None:
    """Build, install into a folder, run and compare."""
    qemu = tool("qemu-aarch64")
    with tempfile.TemporaryDirectory() as folder:
        wheel, models = at_hand("linux-arm64", Path(folder)), model_folder(Path(folder, "models"))
        root = make_root(Path(folder, "debian"), "arm64", packages_of("3.11"))
        site = install_for(wheel, Path(folder, "site"), "3.11", TAGS)
        for processor, chosen in PROCESSORS.items():
            python = [
                qemu,
                "-cpu",
                processor,
                "-L",
                str(root),
                "-E",
                f"PYTHONPATH={site}",
                str(root / "usr/bin/python3.11"),
            ]
            print(f"{processor}: {hold(python, models, {'PYTHONPATH': str(site)}, chosen)}", flush=True)


if __name__ == "__main__":
    main()
