"""The platforms that wheels are built for, and how a kernel library is compiled for one of them.

`hatch_build.py` asks this module, in the build's own environment: only the standard library of Python is needed here,
and `ziglang <https://pypi.org/project/ziglang/>`_ as a compiler, which brings every platform's system libraries.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

SETTING = "TORSO_WHEEL_PLATFORM"
"""The environment variable that names what a wheel is built for, of `PLATFORMS`."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One kind of machine.

    Attributes:
        tag: platform tag of its wheels (PyPA, platform compatibility tags).
        target: what zig calls it, with the least version of its C library; None for a wheel without kernels.
        machine: kind of its processor.
        library: file name of a shared library that is looked for beside a module.
    """

    tag: str
    target: str | None
    machine: str
    library: str = "_native.so"

    @property
    def compiler(self) -> tuple[str, ...]:
        """The command of a C++ compiler for it. Its C++ library becomes part of what it links."""
        assert self.target is not None
        # Zig takes this very processor for granted where it is not told which.
        processor = "baseline" if self.machine == "x86_64" else "generic"
        return (sys.executable, "-m", "ziglang", "c++", "-target", self.target, f"-mcpu={processor}", "-g0", "-s")


PLATFORMS = {
    "linux-x86-64": Platform("manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64-linux-gnu.2.17", "x86_64"),
    "linux-arm64": Platform("manylinux_2_17_aarch64.manylinux2014_aarch64", "aarch64-linux-gnu.2.17", "aarch64"),
    "musl-x86-64": Platform("musllinux_1_2_x86_64", "x86_64-linux-musl", "x86_64"),
    "musl-arm64": Platform("musllinux_1_2_aarch64", "aarch64-linux-musl", "aarch64"),
    "macos-x86-64": Platform("macosx_11_0_x86_64", "x86_64-macos.11.0", "x86_64"),
    "macos-arm64": Platform("macosx_11_0_arm64", "aarch64-macos.11.0", "aarch64"),
    "windows-x86-64": Platform("win_amd64", "x86_64-windows-gnu", "x86_64", "_native.dll"),
    "any": Platform("any", None, ""),
}
"""By name; ``any`` is the last resort of installers, in pure Python, which runs models with PyTorch alone."""
