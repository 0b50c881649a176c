"""Compile the kernels: ``python -m torso.kernels.compile``. The installer runs it if there is a compiler.

One text is compiled for each instruction set, or with ``--here``, as in an editable installation, for this processor's
best and the baseline alone; the library chooses among them when it is loaded. Only the standard
library of Python is needed here, and GCC 12 or later, or Clang. With ``--check`` nothing is made: every compiler that
is here, GCC and Clang, reads the whole text and refuses every warning.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCES = Path(__file__).with_name("native")
LIBRARY = Path(__file__).with_name("_native.dll" if sys.platform == "win32" else "_native.so")

FLAGS = (
    *("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
    *("-Wall", "-Wextra", "-Wno-psabi", "-Wno-ignored-attributes", "-Wno-maybe-uninitialized", "-Wno-unused-parameter"),
    "-Wno-unknown-warning-option",
)
"""Without ``-ffast-math``: NaN is preserved, and sums keep their order."""

WARNINGS = ("-fsyntax-only", "-Werror", "-Wconversion", "-Wno-sign-conversion")
"""Beside `FLAGS`, what `check` asks for: no number becomes another type in silence."""

_AVX2 = "-mavx2 -mfma"
_AVX512 = f"{_AVX2} -mavx512f -mavx512bw -mavx512vl -mavx512dq"
_VNNI = f"-DHAS_EIGHT_BITS {_AVX512} -mavx512vnni"
_DOT = "-DHAS_EIGHT_BITS -mcpu=generic+dotprod"
_X86: dict[str, tuple[int, str]] = {
    "avx512_bf16": (16, f"-DHAS_BFLOAT16 {_VNNI} -mavx512bf16"),
    "avx512_vnni": (16, _VNNI),
    "avx512": (16, _AVX512),
    "avx2": (8, _AVX2),
}
_ARM: dict[str, tuple[int, str]] = {
    "neon_bf16": (4, f"-DHAS_BFLOAT16 {_DOT}+i8mm+bf16"),
    "neon_dotprod": (4, _DOT),
}
SETS = {**_X86, **_ARM, "baseline": (4, "")}
"""Width of a vector in float32, and flags, of each instruction set; the baseline is of every processor."""


_CPUINFO = Path("/proc/cpuinfo")
_WIDE = {"avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512dq"}
_NEEDED: dict[str, set[str]] = {
    "avx512_bf16": _WIDE | {"avx512_vnni", "avx512_bf16"},
    "avx512_vnni": _WIDE | {"avx512_vnni"},
    "avx512": _WIDE,
    "avx2": {"avx2", "fma"},
    "neon_bf16": {"asimddp", "i8mm", "bf16"},
    "neon_dotprod": {"asimddp"},
}
"""What Linux calls the features that an instruction set needs."""


class CompileError(Exception):
    """The kernels could not be compiled; the message says why."""


def compiler() -> tuple[str, ...]:
    """Find the C++ compiler: of the environment variable CXX, which may hold arguments too, or the system's.

    Raises:
        CompileError: if no compiler is found.
    """
    for command in (shlex.split(os.environ.get("CXX", "")), ["g++"], ["c++"]):
        if command and (found := shutil.which(command[0])):
            return found, *command[1:]
    raise CompileError("no C++ compiler found (CXX, g++ or c++)")


def every_set(machine: str | None = None) -> tuple[str, ...]:
    """Return the instruction sets of a kind of processor, by default of this one's, best first."""
    own = {"x86_64": _X86, "amd64": _X86, "aarch64": _ARM, "arm64": _ARM}
    return *own.get((machine or platform.machine()).lower(), {}), "baseline"


def sets_here() -> tuple[str, ...]:
    """Return the best instruction set of this very processor, and the baseline; every set where that is unknown."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return every_set()
    features = {word for line in lines if line.startswith(("flags", "Features")) for word in line.split()}
    best = next((name for name in every_set() if _NEEDED.get(name, set()) <= features), "baseline")
    return tuple(dict.fromkeys((best, "baseline")))


def compile_library(
    to: Path = LIBRARY,
    flags: Sequence[str] = (),
    sets: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
) -> Path:
    """Compile and link the library, and replace it atomically.

    Args:
        to: path of the library.
        flags: more flags for compiler and linker, such as those of a sanitizer.
        sets: instruction sets, the baseline among them; None for `every_set`.
        tool: command of a compiler that may be another platform's; None for `compiler`.

    Raises:
        CompileError: with the compiler's output.
    """
    tool = compiler() if tool is None else tool
    with tempfile.TemporaryDirectory() as folder:
        units = _units(every_set() if sets is None else sets)
        objects = [str(Path(folder, f"{name}.o")) for name in units]
        _run_all(
            [*tool, *FLAGS, *own, *flags, "-c", "-o", out] for out, own in zip(objects, units.values(), strict=True)
        )
        # Beside its place, so that the last step is one rename; and by its name alone, which macOS writes into it.
        with tempfile.TemporaryDirectory(prefix=".", dir=to.parent) as beside:
            _run([*tool, "-shared", "-o", to.name, *objects, *flags, "-pthread"], Path(beside))
            made = Path(beside, to.name)
            made.chmod(0o755)
            made.replace(to)
    return to


def is_current(library: Path = LIBRARY) -> bool:
    """Whether a library is there that is newer than everything it is made of."""
    made_of = [Path(__file__), *SOURCES.iterdir()]
    return library.is_file() and library.stat().st_mtime > max(each.stat().st_mtime for each in made_of)


def check(tool: str) -> None:
    """Lets a compiler read the whole text for every instruction set, with `WARNINGS`.

    Args:
        tool: GCC or Clang, by name or path.

    Raises:
        CompileError: with the warnings, if there is any.
    """
    _run_all([tool, *FLAGS, *WARNINGS, *own] for own in _units(every_set()).values())


def _units(sets: Sequence[str]) -> dict[str, list[str]]:
    """What is compiled: the name of each object, and the flags and file that make it."""
    units = {
        name: [f"-DSET={name}", f"-DWIDTH={SETS[name][0]}", *SETS[name][1].split(), "instructions.cpp"] for name in sets
    }
    compiled = [f"-DCOMPILED_{name}" for name in sets]
    return units | {"library": [*compiled, "library.cpp"], "thread_pool": ["thread_pool.cpp"]}


def _run_all(commands: Iterable[Sequence[str]]) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_run, commands))


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder or SOURCES, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompileError(f"{' '.join(command)}\n{done.stderr.strip()}")


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--check"]:
            for each in filter(shutil.which, ("g++", "clang++")):
                check(each)
                print(f"{each}: no warnings")
        else:
            print(compile_library(sets=sets_here() if sys.argv[1:] == ["--here"] else None))
    except CompileError as error:
        sys.exit(str(error))
