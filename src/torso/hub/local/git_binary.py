"""The git binary: whether it is on this machine, and new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import lru_cache

from torso.errors import UnsupportedError
from torso.io.files import shown

_OLDEST = (2, 12)  # the first with http.followRedirects


def has_git() -> bool:
    """Return whether the git binary is on this machine."""
    return shutil.which("git") is not None


def require_git() -> None:
    """Raise where git is not on this machine, or is too old to be kept from following a server's redirects.

    Raises:
        UnsupportedError: E_NO_GIT, E_OLD_GIT.
    """
    binary = shutil.which("git")
    if binary is None:
        raise UnsupportedError(
            "E_NO_GIT",
            "git is not on this machine.",
            cure="Install git, or get the model without it: torso get org/name",
        )
    version = _version(binary)
    if version < _OLDEST:
        raise UnsupportedError(
            "E_OLD_GIT",
            "git {version} is too old: {oldest} or newer is needed.",
            where="{path}",
            cure="Update git, or get the model without it: torso get org/name",
            values=dict(version=_dotted(version) or "?", oldest=_dotted(_OLDEST), path=shown(binary)),
        )


@lru_cache(maxsize=4)
def _version(binary: str) -> tuple[int, ...]:
    """Return the version of a git binary; empty where it does not say."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(rb"(\d{1,6})\.(\d{1,6})", said)
    return (int(found[1]), int(found[2])) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
