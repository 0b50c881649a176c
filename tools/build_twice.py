"""Builds what is uploaded: each twice, of two copies of the working tree, and refused if the two differ in a byte."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
PLACES = ("one", "another/place")
"""Folders of other names and depths: a path that gets into a file shows itself."""


class BuildError(Exception):
    """What was to be built is not fit to be uploaded; the message says why."""


def build_twice(
    kind: Literal["sdist", "wheel"], to: Path, settings: Mapping[str, str] | None = None, root: Path = ROOT
) -> Path:
    """Build source or a wheel into a folder, and return its path.

    Args:
        kind: what hatchling calls it.
        to: folder; a file of the same name is replaced.
        settings: environment variables for the build.
        root: folder of the repository.

    Raises:
        BuildError: it cannot be built, or comes out otherwise the second time.
    """
    date = run(["git", "log", "-1", "--format=%ct"], root).strip()
    made: list[Path] = []
    with tempfile.TemporaryDirectory() as work:
        for name in PLACES:  # both before the first is built, which takes minutes in which a file may be edited
            _copy(root, Path(work, name, "source"))
        for name in PLACES:
            copied, out = Path(work, name, "source"), Path(work, name, "dist")
            # The commit's date, or every build would be another file; and no object that zig kept from the first.
            given = {"SOURCE_DATE_EPOCH": date, "ZIG_LOCAL_CACHE_DIR": str(Path(work, name, "zig")), **(settings or {})}
            run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)], copied, os.environ | given)
            made += out.iterdir()
        first, second = made
        if first.name != second.name or not filecmp.cmp(first, second, shallow=False):
            raise BuildError(f"two builds differ: {first.name}, {second.name}")
        to.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(first, to / first.name))


def unchanged_since(made: Path, root: Path = ROOT) -> bool:
    """Whether nothing that a build copies, and no commit, is newer than what was made."""
    dates = [path.stat().st_mtime for path in map(root.joinpath, _listed(root)) if path.is_file()]
    return made.stat().st_mtime >= max(*dates, int(run(["git", "log", "-1", "--format=%ct"], root)))


def _copy(root: Path, to: Path) -> None:
    """Copy what `_listed` names."""
    for name in _listed(root):
        if (root / name).is_file():  # one that is deleted is still in the index
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name)


def _listed(root: Path) -> list[str]:
    """Return what git knows or would add: not what was built there."""
    told = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root)
    return [name for name in told.split("\0") if name]


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command, and return what it prints.

    Raises:
        BuildError: it fails, with all that it said.
    """
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}".strip())
    return done.stdout
