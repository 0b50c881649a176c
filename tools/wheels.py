"""Build the wheels of every platform, on this one: ``python -m tools.wheels [--to FOLDER] [PLATFORM …]``.

Each is built twice (`tools.build_twice`). Then twine reads what PyPI will read, and auditwheel says whether the kernels
need no more than their tag allows; this machine's own is loaded, and shall choose its processor's best instructions.
"""

from __future__ import annotations

import argparse
import json
import platform as machine
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.build_twice import ROOT, BuildError, build_twice, run, unchanged_since
from tools.wheel_platforms import PLATFORMS, SETTING
from torso.kernels.compile import sets_here

HERE = {"x86_64": "linux-x86-64", "aarch64": "linux-arm64"}.get(machine.machine()) if machine.libc_ver()[0] else None
"""What this machine is of `PLATFORMS`; None where it is no Linux of glibc."""


def build(platform: str, to: Path) -> Path:
    """Build the wheel of a platform, of `PLATFORMS`, into a folder, and return its path.

    Raises:
        BuildError: if it cannot be built, or comes out otherwise the second time.
    """
    return build_twice("wheel", to, {SETTING: platform})


def at_hand(platform: str, folder: Path) -> Path:
    """Return a platform's wheel: that of ``dist/`` where nothing has changed since, else one built into a folder.

    Raises:
        BuildError: if it cannot be built, or comes out otherwise the second time.
    """
    for wheel in (ROOT / "dist").glob(f"*-{PLATFORMS[platform].tag}.whl"):
        if unchanged_since(wheel):
            return wheel
    return build(platform, folder)


def check(wheel: Path, platform: str) -> None:
    """Hold a wheel to what PyPI and installers ask of it.

    Raises:
        BuildError: with the words of the tool that refuses it.
    """
    about = PLATFORMS[platform]
    run([sys.executable, "-m", "twine", "check", "--strict", str(wheel)], ROOT)
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if name.endswith((".so", ".dll"))]
    wanted = [] if about.target is None else [f"torso/kernels/{about.library}"]
    if libraries != wanted:
        raise BuildError(f"{wheel.name} holds {libraries or 'no library'}, not {wanted or 'none'}")
    if about.target is not None and platform == HERE:
        _choose(wheel, f"torso/kernels/{about.library}")
    if "linux" in about.tag:
        _audit(wheel, about.tag.split("."))


def _audit(wheel: Path, tags: list[str]) -> None:
    """Hold a Linux wheel's library to the symbols and libraries that its tags allow.

    auditwheel knows musl by the name that Alpine gives it. What is linked elsewhere asks for ``libc.so``, for which
    musl's loader answers itself wherever it is called otherwise (ldso/dynlink.c, ``load_library``: reserved names).
    """
    # This machine's libraries are kept out: its libc.so is another one, or a linker's script.
    with tempfile.TemporaryDirectory() as nothing:
        show = [sys.executable, "-m", "auditwheel", "show", "--json", "--ldpaths", nothing]
        shown = run([*show, str(wheel)], ROOT)
    found = json.loads(shown)
    names = {"libc.so"} if all(tag.startswith("musllinux") for tag in tags) else set[str]()
    if found["sym_tag"] not in tags or not found["external_libs"].keys() <= names:
        raise BuildError(shown)


def _choose(wheel: Path, library: str) -> None:
    """Load this machine's library, in a process of its own: it shall offer the best instructions of this processor."""
    program = (
        "import sys, ctypes; kernels = ctypes.CDLL(sys.argv[1]); name = kernels.torso_instruction_set_name; "
        "name.restype = ctypes.c_char_p; print(name(0).decode())"
    )
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        chosen = run([sys.executable, "-c", program, archive.extract(library, folder)], ROOT).strip()
    if chosen != sets_here()[0]:
        raise BuildError(f"{wheel.name} chooses {chosen} on this processor, which has {sets_here()[0]}")


def main() -> None:
    """Build and check what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("platform", nargs="*", help=f"one of {', '.join(PLATFORMS)}; all by default")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder of the wheels")
    asked = parser.parse_args()
    for platform in asked.platform or PLATFORMS:
        if platform not in PLATFORMS:
            parser.error(f"there is no platform {platform}; there are {', '.join(PLATFORMS)}")
        try:
            wheel = build(platform, asked.to)
            check(wheel, platform)
        except BuildError as error:
            sys.exit(str(error))
        print(f"{wheel.stat().st_size / 1e6:5.1f} MB  {wheel.name}")


if __name__ == "__main__":
    main()
