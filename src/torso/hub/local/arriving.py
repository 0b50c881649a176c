"""The hidden folder of a plain folder in which files arrive, until they are whole and right."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from torso.hub.transfer.download import write_errors
from torso.io.rooted import Root

ARRIVING = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})(\.[0-9a-z.-]+)?")
"""The names that torso gives there: contents by their hashes, with parts, records, locks and copies of them."""


def arriving_in(home: Path) -> Path:
    """Return the folder of files on their way into a plain folder."""
    return home / ".cache" / "torso"


@contextmanager
def tidied(home: Path) -> Generator[None]:
    """Remove at the end the empty folders in which files arrived; an empty .cache that was there before stays."""
    root, hidden, own = Root(home), home / ".cache", arriving_in(home).name
    with write_errors(hidden):
        keeps = home.is_dir() and root.status(hidden) is not None
        keeps = keeps and not any(name.startswith(own) for name in root.names(hidden))
    try:
        yield
    finally:
        with suppress(OSError):
            root.remove_folder(hidden / own)
            if not keeps:
                root.remove_folder(hidden)
