"""Build the wheels of every platform, on this one: ``python -m tools.wheels [--to FOLDER] [PLATFORM …]``.

Each is built twice, and refused if the two differ in a byte. Then twine reads what PyPI will read, and auditwheel says
whether the kernels need no more than their tag allows.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.wheel_platforms import PLATFORMS, SETTING

ROOT = Path(__file__).parents[1]


class WheelError(Exception):
    """A wheel is not fit to be uploaded; the message says why."""


def build(platform: str, to: Path) -> Path:
    """Build the wheel of a platform, of `PLATFORMS`, into a folder, and return its path.

    Raises:
        WheelError: if it cannot be built, or comes out otherwise the second time.
    """
    made: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for time in ("first", "second"):
            place = Path(folder, time)
            # A date of its own would make every build another file.
            environment = {**os.environ, SETTING: platform, "SOURCE_DATE_EPOCH": _last_commit()}
            _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)], environment)
            made += place.iterdir()
        first, second = made
        if not filecmp.cmp(first, second, shallow=False):
            raise WheelError(f"{first.name} is another file when it is built again")
        to.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(first, to / first.name))


def check(wheel: Path, platform: str) -> None:
    """Hold a wheel to what PyPI and installers ask of it.

    Raises:
        WheelError: with the words of the tool that refuses it.
    """
    about = PLATFORMS[platform]
    _run([sys.executable, "-m", "twine", "check", "--strict", str(wheel)])
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if name.endswith((".so", ".dll"))]
    wanted = [] if about.target is None else [f"torso/kernels/{about.library}"]
    if libraries != wanted:
        raise WheelError(f"{wheel.name} holds {libraries or 'no library'}, not {wanted or 'none'}")
    if "linux" in about.tag:
        shown = _run([sys.executable, "-m", "auditwheel", "show", str(wheel)])
        if not any(f'"{tag}"' in " ".join(shown.split()) for tag in about.tag.split(".")):
            raise WheelError(shown)


def _last_commit() -> str:
    """Return the time of the last commit, in seconds since 1970."""
    return _run(["git", "log", "-1", "--format=%ct"]).strip()


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelError(f"{' '.join(command)}\n{done.stdout}{done.stderr}".strip())
    return done.stdout


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
        except WheelError as error:
            sys.exit(str(error))
        print(f"{wheel.stat().st_size / 1e6:5.1f} MB  {wheel.name}")


if __name__ == "__main__":
    main()
