"""The files of the page, read into memory once: no path of a request ever reaches the disk."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w.]+)";\n', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page.

    Attributes:
        name: as it is asked for.
        kind: content type.
        body: its bytes.
        packed: the same, compressed by gzip.
        etag: changes with its content.
    """

    name: str
    kind: str
    body: bytes
    packed: bytes
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file of the page by its name."""
    found: dict[str, Asset] = {}
    for path in files("torso.view").joinpath("assets").iterdir():
        ending = path.name[path.name.rfind(".") :]
        if ending in _KINDS:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:20]
            found[path.name] = Asset(path.name, _KINDS[ending], body, gzip.compress(body, 9, mtime=0), f'"{digest}"')
    return found


def script(first: str) -> str:
    """Return a module and all that it imports as one script, for a page without a server.

    The page's modules import only each other, by lines of one form at their top, and share no name at their top level.
    """
    done: list[str] = []
    parts: list[str] = []

    def add(name: str) -> None:
        if name in done:
            return
        done.append(name)
        text = assets()[name].body.decode()
        for other in _IMPORT.findall(text):
            add(other)
        parts.append(re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE))

    add(first)
    return f'(() => {{\n"use strict";\n{"".join(parts)}}})();\n'
