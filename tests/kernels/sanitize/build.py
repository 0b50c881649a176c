"""Building the driver, which runs every function of the kernels over random shapes, with a library of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from torso.kernels.compile import SOURCES, compile_library

DRIVER = Path(__file__).with_name("driver.cpp")


def build_driver(
    folder: Path, tool: Sequence[str], flags: Sequence[str] = (), sets: Sequence[str] | None = None
) -> Path:
    """Compile library and driver into a folder by a compiler's command, and return the program.

    Raises:
        CompileError, subprocess.CalledProcessError: with the compiler's words.
    """
    library = compile_library(folder / "_native.so", flags, sets, tool)
    program = folder / "driver"
    links = [str(DRIVER), str(library), "-pthread"]
    subprocess.run([*tool, "-std=c++17", *flags, f"-I{SOURCES}", "-o", str(program), *links], check=True)
    return program
