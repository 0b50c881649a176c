"""Keys of clients: a file of names and hashes, or the environment."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from torso.errors import AccessError, InputError, TorsoError
from torso.io.files import read_text, shown

VARIABLE = "TORSO_API_KEYS"
_LINE = re.compile(r"(?P<name>[A-Za-z0-9_.-]{1,64}):(?P<digest>[0-9a-fA-F]{64})")


def read_keys(path: Path | None) -> dict[str, str]:
    """Return the names of clients and the SHA-256 of their keys, in hex.

    Args:
        path: a file with a line ``name:sha256`` for each client; None for the keys themselves, separated by commas,
            in the environment variable ``TORSO_API_KEYS``.

    Raises:
        NotFoundError, AccessError: the file cannot be read; E_KEYS, if others can read it.
        InputError: E_KEYS, for a line of another form, and for a file without keys.
    """
    if path is None:
        given = [each.strip() for each in os.environ.get(VARIABLE, "").split(",") if each.strip()]
        return {f"key{number}": hashlib.sha256(key.encode()).hexdigest() for number, key in enumerate(given, 1)}
    try:
        text = read_text(path, limit=1 << 20, code="E_KEYS")
    except TorsoError as error:
        if error.code != "E_EMPTY":
            raise
        text = ""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise AccessError(
            "E_KEYS",
            "{path} can be read by other users of this machine.",
            cure="chmod 600 {path}",
            values=dict(path=shown(path)),
        )
    keys: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise InputError(
                "E_KEYS",
                "{path}, line {line}, is not of the form name:sha256.",
                cure="Write one: printf 'alice:%s\\n' $(printf %s KEY | sha256sum | cut -c1-64)",
                values=dict(path=shown(path), line=number),
            )
        keys[found["name"]] = found["digest"].lower()
    if not keys:
        raise InputError(
            "E_KEYS",
            "{path} holds no keys.",
            cure="Write one: printf 'alice:%s\\n' $(printf %s KEY | sha256sum | cut -c1-64)",
            values=dict(path=shown(path)),
        )
    return keys
