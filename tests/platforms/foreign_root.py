"""Folders with another platform's or release's Debian packages, made without being root or changing this system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def packages_of(version: str) -> tuple[str, ...]:
    """Name Debian's packages of a Python, such as 3.14, that can import torso; what they need apt finds."""
    return f"python{version}-minimal", f"libpython{version}-stdlib", "libstdc++6"


def make_root(folder: Path, architecture: str, packages: Sequence[str], release: str | None = None) -> Path:
    """Unpack Debian packages, and all that they need, below ``folder``, and return their root.

    Args:
        folder: is made.
        architecture: as Debian calls it, such as ``arm64``.
        packages: by name.
        release: of Debian, such as ``trixie``; None for this system's.

    Raises:
        subprocess.CalledProcessError: for packages that cannot be had; what was said is on standard error.
    """
    root, options = folder / "root", _options(folder, architecture, release)
    root.mkdir(parents=True)
    asked = ["install", "--yes", "--download-only", "--no-install-recommends", *packages]
    subprocess.run(["apt-get", *options, *asked], check=True, stdout=subprocess.DEVNULL)
    for deb in sorted((folder / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], check=True)
    return root


def download_source(folder: Path, package: str, release: str) -> Path:
    """Get what Debian's package of a release was made of, unpack what its authors published, and return its folder."""
    folder.mkdir(parents=True)
    options = _options(folder, "amd64", release)
    asked = ["source", "--download-only", f"{package}/{release}"]
    subprocess.run(["apt-get", *options, *asked], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (published,) = (each for each in folder.glob("*.orig.tar.*") if not each.name.endswith(".asc"))
    (folder / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", str(published), "-C", str(folder / "unpacked")], check=True)
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


def _options(folder: Path, architecture: str, release: str | None) -> list[str]:
    """Give apt lists and a store of its own: the system's know nothing of the other platform.

    The lists are beside ``folder``, for all folders of one platform and release there.
    """
    lists = folder.parent / f"lists-{architecture}-{release}"
    known = lists.exists()
    for each in (lists, folder / "archives"):
        (each / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"-oAPT::Architecture={architecture}", f"-oAPT::Architectures={architecture}", "-qq"]
    options += [f"-oDir::State::lists={lists}", "-oDir::State::status=/dev/null", f"-oDir::Cache={folder}"]
    options += ["-oAPT::Sandbox::User=", "-oDebug::NoLocking=1"]
    if release is not None:
        at = f"[signed-by={KEYS}] {_mirror()} {release} main\n"
        (folder / "sources.list").write_text(f"deb {at}deb-src {at}", encoding="utf-8")
        options += [f"-oDir::Etc::SourceList={folder / 'sources.list'}", "-oDir::Etc::SourceParts=/dev/null"]
    if not known:
        subprocess.run(["apt-get", *options, "update"], check=True)
    return options


def _mirror() -> str:
    """Return the address that this system has Debian's packages from."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE)", "Created-By: Packages"]
    said = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\n")
    return next(line.split()[0] for line in said if line.strip("/ ").split()[0].rstrip("/").endswith("/debian"))


def loader(root: Path) -> list[str]:
    """Return the command that runs a program of a root, of this machine's architecture, with the root's libraries."""
    (program,) = {each.resolve() for each in root.glob("**/ld-linux-*.so.*")}
    folders = {str(each.parent) for each in root.glob("**/libc.so.6")}
    return [str(program), "--library-path", ":".join(sorted(folders))]


def tool(name: str) -> str:
    """Return a program's path.

    Raises:
        SystemExit: saying what to install.
    """
    for folder in os.get_exec_path():
        if os.access(Path(folder, name), os.X_OK):
            return str(Path(folder, name))
    raise SystemExit(f"{name} is not here; Debian has it: apt-get install qemu-user")
