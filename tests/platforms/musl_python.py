"""A Python built on musl, from Debian's sources of Python, by zig: Debian itself builds it on glibc alone.

zlib is compiled with it; libffi is Debian's static library, made for glibc, which calls nothing that musl lacks. What
torso does not import is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.platforms.foreign_root import download_source, make_root
from tools.wheel_platforms import Platform

VERSION, RELEASE = "3.13", "trixie"
PACKAGES = ("musl", "libffi-dev")
OPTIONS = ("--disable-test-modules", "--disable-ipv6", "--without-ensurepip", "--without-doc-strings")
LEFT_OUT = (
    "_bz2 _curses _curses_panel _dbm _decimal _gdbm _hashlib _lzma _sqlite3 _ssl _tkinter _uuid readline xxlimited"
)
TOOLS = {"CC": "cc", "CXX": "c++", "AR": "ar", "RANLIB": "ranlib"}
"""What `configure` calls a tool, and what zig does."""


@dataclass(frozen=True, slots=True)
class Published:
    """Folders of what authors published, out of which any number of platforms are built."""

    python: Path
    zlib: Path


def download(folder: Path) -> Published:
    """Get the sources of Python and of zlib, from Debian."""
    return Published(
        download_source(folder / "python", f"python{VERSION}", RELEASE),
        download_source(folder / "zlib", "zlib", "bookworm"),
    )


def make_python(
    platform: Platform, debian: str, published: Published, folder: Path, native: Sequence[str] | None = None
) -> list[str]:
    """Compile Python for a platform's musl.

    Args:
        platform: of `tools.wheel_platforms.PLATFORMS`.
        debian: what Debian calls its processor.
        published: what `download` got.
        folder: is made.
        native: command of a Python of the same version that runs here; None where the one that is made does.

    Returns:
        The command of the program, which runs where it was made, on Debian's musl.

    Raises:
        subprocess.CalledProcessError: with what went wrong on standard error.
    """
    root = make_root(folder / "debian", debian, PACKAGES, RELEASE)
    (loader,) = root.glob("**/lib/*-linux-musl/libc.so")
    work, headers = folder / "build", folder / "include"
    for each in (work, headers):
        each.mkdir(parents=True)
    for header in ("ffi.h", "ffitarget.h"):
        shutil.copy(next(root.glob(f"usr/include/**/{header}")), headers)
    tools = _tools(platform, loader, folder / "tools")
    zlib = _make_zlib(tools, published.zlib, folder / "zlib")
    ffi = next(root.glob("usr/lib/*/libffi_pic.a"))
    # zig's own <stdarg.h> hides by what `configure` knows musl, and so how extension modules are called there.
    tools["CPP"] = f"{tools['CC']} -E -D__DEFINED_va_list"
    settings = {**tools, "OPT": "-O1 -DNDEBUG", "PKG_CONFIG": "false", "READELF": "readelf"}
    settings |= {"ZLIB_LIBS": str(zlib), "ZLIB_CFLAGS": f"-I{published.zlib}"}
    settings |= {"LIBFFI_LIBS": str(ffi), "LIBFFI_CFLAGS": f"-I{headers}"}
    cross = []
    if native is not None:
        (folder / "native").write_text(f'#!/bin/sh\nexec {" ".join(native)} "$@"\n', encoding="utf-8")
        (folder / "native").chmod(0o755)
        cross = [f"--host={platform.machine}-linux-musl", "--build=x86_64-pc-linux-gnu"]
        cross += [f"--with-build-python={folder / 'native'}", "ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no"]
    options = [*OPTIONS, *cross, *(f"py_cv_module_{name}=n/a" for name in LEFT_OUT.split())]
    for command in ([str(published.python / "configure"), *options], ["make", f"-j{os.cpu_count()}"]):
        subprocess.run(command, cwd=work, env=os.environ | settings, check=True, stdout=subprocess.DEVNULL)
    return [str(work / "python")]


def _make_zlib(tools: Mapping[str, str], published: Path, folder: Path) -> Path:
    """Compile zlib as a static library that may become part of a shared one, and return its path."""
    folder.mkdir()
    texts = [str(each) for each in published.glob("*.c") if not each.name.startswith("gz")]
    subprocess.run([tools["CC"], "-O1", "-fPIC", "-c", *texts], cwd=folder, check=True)
    subprocess.run([tools["AR"], "rcs", "libz.a", *(each.name for each in folder.glob("*.o"))], cwd=folder, check=True)
    return folder / "libz.a"


def _tools(platform: Platform, loader: Path, folder: Path) -> dict[str, str]:
    """Write zig's tools for a platform as programs of one word, and return how `configure` is told of them.

    What they link is loaded by ``loader``: this system need have none of musl.
    """
    folder.mkdir()
    for name in TOOLS.values():
        target = (
            f"-target {platform.target} -dynamic -g0 -s -Wno-date-time -Wl,--dynamic-linker,{loader}"
            if name in ("cc", "c++")
            else ""
        )
        command = f'#!/bin/sh\nexec {sys.executable} -m ziglang {name} {target} "$@"\n'
        (folder / name).write_text(command, encoding="utf-8")
        (folder / name).chmod(0o755)
    return {setting: str(folder / name) for setting, name in TOOLS.items()}
