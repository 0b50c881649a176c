"""Build the wheels of every platform, on this one: ``python -m tools.wheels [--to FOLDER] [PLATFORM …]``.

Each is built twice (`tools.build_twice`). Then twine reads what PyPI will read, and auditwheel says whether the kernels
need no more than their tag allows.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

from tools.build_twice import ROOT, BuildError, build_twice, run
from tools.wheel_platforms import PLATFORMS, SETTING


def build(platform: str, to: Path) -> Path:
    """Build the wheel of a platform, of `PLATFORMS`, into a folder, and return its path.

    Raises:
        BuildError: if it cannot be built, or comes out otherwise the second time.
    """
    return build_twice("wheel", to, {SETTING: platform})


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
    if "linux" in about.tag:
        shown = run([sys.executable, "-m", "auditwheel", "show", str(wheel)], ROOT)
        if not any(f'"{tag}"' in " ".join(shown.split()) for tag in about.tag.split(".")):
            raise BuildError(shown)


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
