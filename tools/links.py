"""Links between files of the repository, where those files are not: in the description on PyPI, on the site.

The address of the repository stands once, as ``Source`` of ``[project.urls]`` in pyproject.toml. As long as it is not
there, what would be linked stays as text: an address that nobody has claimed could be claimed by anybody.
`hatch_build.py` asks this module, in the build's own environment: only the standard library of Python is needed here.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
"""A link of Markdown: ``!`` of a picture, text, address and anchor."""
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def source(root: Path = ROOT) -> str | None:
    """Return the address of the repository, without a slash at its end, or None where none is known."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    address = project.get("urls", {}).get("Source")
    return address.rstrip("/") if address else None


def on_forge(found: re.Match[str], path: str, address: str | None, at: str) -> str:
    """Return a link that was `found`, to a file of the repository as it is ``at`` a tag or branch.

    Without an address a picture is left out, and of a link its text is left.
    """
    picture, text, _, anchor = found.groups()
    if address is None:
        return "" if picture else text
    return f"{picture}[{text}]({address}/{'raw' if picture else 'blob'}/{at}/{path}{anchor or ''})"


def is_elsewhere(target: str) -> bool:
    """Say whether a link leads out of the repository, or to a heading of its own page."""
    return not target or "://" in target or target.startswith("mailto:")


def described(readme: str, address: str | None, at: str) -> str:
    """Return README for a place where nothing of the repository is beside it."""

    def absolute(found: re.Match[str]) -> str:
        target = found[3]
        return found[0] if is_elsewhere(target) else on_forge(found, target.removeprefix("./"), address, at)

    # Brackets before parentheses are Python's, too: code stays as it is.
    made, last = "", 0
    for block in _FENCE.finditer(readme):
        made += LINK.sub(absolute, readme[last : block.start()]) + block[0]
        last = block.end()
    return made + LINK.sub(absolute, readme[last:])
