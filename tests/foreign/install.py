"""Installs the foreign clients and servers: each Python one in a virtual environment of its own, since they conflict.

    python tests/foreign/install.py FOLDER

git-lfs and nginx are taken from this machine, else unpacked from Debian's packages without being installed. What is
there already is left alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PYTHON = {
    "hub1": "huggingface_hub==1.33.0",
    "hub2": "huggingface_hub==2.4.0",
    "modelscope": "modelscope-hub==0.5.1",
    "olah": "olah==0.5.4",
    "http": (
        "openai==3.57.0 huggingface_hub==2.4.0 langchain-openai==1.7.4 llama-index-embeddings-openai-like==0.4.0 "
        "litellm==1.110.2 cohere==7.3.1 numpy>=2"
    ),
}
DEBIAN = {"git-lfs": "usr/bin/git-lfs", "nginx": "usr/sbin/nginx"}


def python_of(folder: Path, name: str) -> Path:
    """The interpreter of one environment."""
    return folder / name / "bin" / "python"


def tool(folder: Path, name: str) -> Path:
    """A tool of Debian: this machine's own, else the unpacked one."""
    own = shutil.which(name) or (f"/{DEBIAN[name]}" if Path(f"/{DEBIAN[name]}").exists() else None)
    return Path(own) if own else folder / "debian" / DEBIAN[name]


def install(folder: Path) -> None:
    """Brings every foreign program below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, requirement in PYTHON.items():
        done = folder / name / requirement.replace(" ", "+")
        if done.exists():
            continue
        venv.create(folder / name, with_pip=True, clear=True)
        command = [
            python_of(folder, name),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *requirement.split(),
        ]
        subprocess.run(command, check=True)
        done.touch()
    for name in DEBIAN:
        if tool(folder, name).exists():
            continue
        packages = folder / "packages"
        packages.mkdir(exist_ok=True)
        _download(name, packages)
        for package in packages.glob(f"{name}_*.deb"):
            subprocess.run(["dpkg", "-x", package, folder / "debian"], check=True)


def _download(name: str, packages: Path) -> None:
    """A package of Debian, by this machine's own lists, else by lists fetched for this alone: that needs no root."""
    environment = os.environ | {"LC_ALL": "C"}
    if subprocess.run(["apt-get", "download", "-q", name], cwd=packages, env=environment).returncode == 0:
        return
    lists = packages / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-q", "-o", f"Dir::State::Lists={lists}"]
    subprocess.run([*apt, "update"], cwd=packages, check=True, env=environment)
    subprocess.run([*apt, "download", name], cwd=packages, check=True, env=environment)


if __name__ == "__main__":
    install(Path(sys.argv[1]).resolve())
