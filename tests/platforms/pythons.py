"""The wheel for Linux on other Pythons: ``python -m tests.platforms.pythons [VERSION or PROGRAM …]``.

Versions are those that releases of Debian have; a program is any Python of this machine. Each installs the wheel with
its own pip, and what the wheel asks for, and runs it. Takes about three minutes, and needs what the extra ``wheels``
brings.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.platforms.compare import PIP, hold, model_folder
from tests.platforms.foreign_root import loader, make_root, packages_of
from tools.wheels import at_hand

RELEASES = {"3.13": "trixie", "3.14": "sid", "3.15": "sid"}
"""Of Debian, by the Python that it has."""


def main(asked: list[str]) -> None:
    """Build, install and run for each of `RELEASES`, or for what is asked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel, models = at_hand("linux-x86-64", folder), model_folder(folder / "models")
        for number, each in enumerate(asked or RELEASES):
            python, site = _python(each, folder), folder / f"site{number}"
            install = ["install", "-q", "--target", str(site), "--only-binary=:all:", str(wheel)]
            subprocess.run([*PIP, "--python", python, *install], check=True)
            print(f"Python {each}: {hold([python], models, {'PYTHONPATH': str(site)})}", flush=True)


def _python(asked: str, folder: Path) -> str:
    """Return a program: what is asked, or Debian's of that version."""
    if asked not in RELEASES:
        return asked
    root = make_root(folder / asked, "amd64", packages_of(asked), RELEASES[asked])
    # A Python that is moved needs its own loader before it, and pip asks for one program.
    program = folder / f"python{asked}"
    command = " ".join([*loader(root), str(root / f"usr/bin/python{asked}")])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)


if __name__ == "__main__":
    main(sys.argv[1:])
