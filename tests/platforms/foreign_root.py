"""A folder with another platform's Debian packages, made without being root and without a change to this system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

PYTHON = (
    *("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libgcc-s1", "libstdc++6"),
    *("zlib1g", "libexpat1", "libffi8", "libssl3", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1"),
)
"""Debian's packages of a Python that can import torso."""


def make_root(folder: Path, architecture: str, packages: Sequence[str]) -> Path:
    """Unpack Debian packages of an architecture, such as ``arm64``, below ``folder``, and return their root.

    Raises:
        subprocess.CalledProcessError: for packages that cannot be had; what was said is on standard error.
    """
    root, debs, lists = folder / "root", folder / "debs", folder / "lists"
    for each in (root, debs, lists / "partial"):
        each.mkdir(parents=True, exist_ok=True)
    # Lists and answers of its own: the system's know nothing of the other architecture.
    options = [f"-oAPT::Architecture={architecture}", f"-oAPT::Architectures={architecture}", "-qq"]
    options += [f"-oDir::State::lists={lists}", "-oDir::State::status=/dev/null", f"-oDir::Cache={folder}"]
    options += ["-oAPT::Sandbox::User="]
    subprocess.run(["apt-get", *options, "update"], check=True)
    subprocess.run(["apt-get", *options, "download", *packages], check=True, cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], check=True)
    return root


def tool(name: str) -> str:
    """Return a program's path.

    Raises:
        SystemExit: saying what to install.
    """
    for folder in os.get_exec_path():
        if os.access(Path(folder, name), os.X_OK):
            return str(Path(folder, name))
    raise SystemExit(f"{name} is not here; Debian has it: apt-get install qemu-user")
