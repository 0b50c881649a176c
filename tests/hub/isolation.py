"""Places that real faults need: a namespace without a network, a disk that is full, a folder that is read-only.

Each helper uses what the machine allows and says in its docstring what it does where the machine allows less.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

NO_SOCKETS = """
import socket
def _refuse(*arguments, **options):
    raise AssertionError("a network was asked")
for _name in ("connect", "connect_ex", "sendto", "bind"):
    setattr(socket.socket, _name, _refuse)
socket.getaddrinfo = socket.create_connection = socket.gethostbyname = _refuse
"""


@lru_cache
def _works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def without_network(code: str, *arguments: str | Path) -> list[str]:
    """A command that runs Python code where any use of a socket is an error.

    Sockets raise, and where the machine allows, the process is also in a network namespace with no interface up.
    """
    prefix = ["unshare", "-r", "-n"] if _works("unshare", "-r", "-n") else []
    return [*prefix, sys.executable, "-c", NO_SOCKETS + code, *map(str, arguments)]


def on_read_only(folder: Path, command: list[str]) -> list[str]:
    """A command that sees a folder read-only: a mount where the machine allows, else modes without the write bit."""
    if _works("unshare", "-r", "-m"):
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        return ["unshare", "-r", "-m", "sh", "-c", script, "sh", str(folder), *command]
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o555)
    return command


def with_file_limit(size: int, command: list[str]) -> list[str]:
    """A command for which writing past some bytes of a file fails, as it does on a full disk."""
    code = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2); "
    code += "os.execv(sys.argv[2], sys.argv[2:])"
    return [sys.executable, "-c", code, str(size), *command]


def on_small_disk(folder: Path, size: int, command: list[str]) -> list[str] | None:
    """A command for which a folder is a disk of some bytes, or None where the machine allows no mount."""
    if not _works("unshare", "-r", "-m"):
        return None
    script = f'mount -t tmpfs -o size={size} tmpfs "$1" && shift && exec "$@"'
    return ["unshare", "-r", "-m", "sh", "-c", script, "sh", str(folder), *command]
