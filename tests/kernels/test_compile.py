"""Compiling: without a compiler, or with one that fails, it says why and leaves what was there."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from torso.kernels import library as native
from torso.kernels.abi import Call
from torso.kernels.compile import (
    FLAGS,
    SETS,
    SOURCES,
    CompileError,
    check,
    compile_library,
    compiler,
    every_set,
    is_current,
    sets_here,
)
from torso.kernels.library import Library


def test_no_compiler_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(CompileError, match="no C\\+\\+ compiler"):
        compiler()
    with pytest.raises(CompileError):
        compile_library(tmp_path / "made.so")
    assert list(tmp_path.iterdir()) == []


def test_the_compiler_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "own-compiler"
    own.write_text("#!/bin/sh\necho it cannot be >&2\nexit 3\n")
    own.chmod(0o755)
    monkeypatch.setenv("CXX", str(own))
    assert compiler() == (str(own),)
    monkeypatch.setenv("CXX", f"{own} -m64 '-DTHE TEXT'")
    assert compiler() == (str(own), "-m64", "-DTHE TEXT")
    there = tmp_path / "made.so"
    there.write_bytes(b"what was there")
    with pytest.raises(CompileError, match="it cannot be"):
        compile_library(there)
    assert there.read_bytes() == b"what was there"
    assert {each.name for each in tmp_path.iterdir()} == {"own-compiler", "made.so"}


def test_what_cannot_be_linked_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A compiler that makes empty objects, so that the last step fails."""
    own = tmp_path / "own-compiler"
    own.write_text('#!/bin/sh\ncase "$*" in *-shared*) echo nothing to link >&2; exit 1;; esac\nexit 0\n')
    own.chmod(0o755)
    monkeypatch.setenv("CXX", str(own))
    with pytest.raises(CompileError, match="nothing to link"):
        compile_library(tmp_path / "made.so")
    assert [each.name for each in tmp_path.iterdir()] == ["own-compiler"]


def test_a_linker_is_told_the_name_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """macOS's writes into the library how it was named: a folder of chance there, and no two builds are equal."""
    own = tmp_path / "own-compiler"
    own.write_text(
        '#!/bin/sh\nall=; for one; do case "$one" in *.o) ;; *) all="$all $one"; esac; last="$out"; out="$one"\n'
        '[ "$last" = -o ] && target="$one"; done; echo "$all" > "$target"\n'
    )
    own.chmod(0o755)
    monkeypatch.setenv("CXX", str(own))
    made: list[str] = []
    for name in ("one", "another/place"):
        (tmp_path / name).mkdir(parents=True)
        made.append(compile_library(tmp_path / name / "_native.so").read_text())
    assert made[0] == made[1]
    assert "-shared -o _native.so" in made[0]


def test_every_set_of_a_processor_is_compiled() -> None:
    """The order is that of the library: best first, and one that runs everywhere last."""
    assert every_set("AMD64") == ("avx512_bf16", "avx512_vnni", "avx512", "avx2", "baseline")
    assert every_set("arm64") == every_set("aarch64") == ("neon_bf16", "neon_dotprod", "baseline")


def test_every_set_is_compiled_for_others_and_two_for_this_processor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "cpuinfo"
    monkeypatch.setattr("torso.kernels.compile._CPUINFO", told)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert sets_here() == every_set(), "where nothing is told"
    wide = "avx2 fma avx512f avx512bw avx512vl avx512dq"
    for features, best in (
        (f"{wide} avx512_vnni avx512_bf16", "avx512_bf16"),
        (f"{wide} avx512_vnni", "avx512_vnni"),
        (wide, "avx512"),
        ("sse2 avx2 fma avx512f", "avx2"),
    ):
        told.write_text(f"processor : 0\nflags\t\t: fpu {features}\n")
        assert sets_here() == (best, "baseline")
    told.write_text("flags\t\t: sse2 avx2\n")
    assert sets_here() == ("baseline",)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert sets_here() == ("baseline",)
    for features, best in (("asimddp i8mm bf16", "neon_bf16"), ("asimddp bf16", "neon_dotprod"), ("fp", "baseline")):
        told.write_text(f"processor\t: 0\nFeatures\t: fp asimd {features}\n")
        assert sets_here() == tuple(dict.fromkeys((best, "baseline")))
    assert {*every_set("x86_64"), *every_set("arm64")} == {*SETS}
    assert every_set("riscv64") == ("baseline",)


def test_a_library_of_two_sets_chooses_among_them(tmp_path: Path) -> None:
    """As an editable installation compiles it; the best one here is that which a library of all would choose."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        pytest.skip("there is no compiler here")
    made = compile_library(tmp_path / "made.so", ("-O0",), sets_here())
    library = Library(made, "")
    assert library.sets == sets_here()
    if native.file().exists():
        assert library.set == Library(native.file(), "").set


def test_a_library_is_current_until_something_it_is_made_of_is_newer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What an installation finds compiled it leaves."""
    made = tmp_path / "made.so"
    assert not is_current(made)
    made.touch()
    text = tmp_path / "native" / "product.inl"
    text.parent.mkdir()
    text.touch()
    monkeypatch.setattr("torso.kernels.compile.SOURCES", text.parent)
    os.utime(text, (made.stat().st_mtime - 1,) * 2)
    assert is_current(made)
    os.utime(text, (made.stat().st_mtime + 1,) * 2)
    assert not is_current(made)


def test_a_structure_refuses_a_name_that_is_no_field() -> None:
    """Ctypes alone would keep it beside the structure, and the kernels would never see it."""
    for name in ("only", "pools", "thread", "outs"):
        with pytest.raises(AttributeError):
            Call(**{name: 1})
    assert Call(pool=2).pool == 2


@pytest.mark.parametrize("tool", ["g++", "clang++"])
def test_no_compiler_warns(tool: str) -> None:
    """With -Wall -Wextra -Wconversion, for every instruction set."""
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} here")
    check(tool)


def test_a_warning_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = shutil.which("g++") or shutil.which("clang++")
    if tool is None:
        pytest.skip("there is no compiler here")
    for name in ("instructions.cpp", "library.cpp", "thread_pool.cpp"):
        (tmp_path / name).write_text("int narrowed(long value) { return value; }\n")
    monkeypatch.setattr("torso.kernels.compile.SOURCES", tmp_path)
    with pytest.raises(CompileError, match="narrowed"):
        check(tool)


@pytest.mark.parametrize("name", ["baseline", "avx512_bf16"])
def test_no_instruction_set_exports_a_weak_symbol(name: str, tmp_path: Path) -> None:
    """The linker keeps one copy of a weak symbol: it could be one that this processor cannot run."""
    tool = shutil.which("g++") or shutil.which("clang++")
    if tool is None or shutil.which("nm") is None:
        pytest.skip("there is no compiler or no nm here")
    if platform.machine() not in ("x86_64", "AMD64") and name != "baseline":
        pytest.skip(f"{name} is of x86-64")
    width, own = SETS[name]
    made = tmp_path / f"{name}.o"
    flags = [*FLAGS, "-O1", f"-DSET={name}", f"-DWIDTH={width}", *own.split()]
    subprocess.run([tool, *flags, "-c", "-o", str(made), "instructions.cpp"], cwd=SOURCES, check=True)
    listed = subprocess.run(["nm", "-C", "--defined-only", made], capture_output=True, text=True, check=True).stdout
    symbols = [line.split(maxsplit=2)[1:] for line in listed.splitlines()]
    assert f"torso::{name}::kernels" in [symbol for _, symbol in symbols]
    assert [symbol for kind, symbol in symbols if kind in "WwVvu"] == []
