"""A file of a repository, as a hub's listing describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMIT = re.compile(r"[0-9a-f]{40}")
ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as a hub's listing describes it: enough to fetch it from anywhere and to know that it is right.

    Attributes:
        path: name in the repository, with "/".
        size: bytes.
        etag: SHA-256 of the content, or where the hub gives none, git's SHA-1 of it as a blob; hexadecimal.
        blob: git's SHA-1 of what git itself stores: the file, or its pointer.
    """

    path: str
    size: int
    etag: str
    blob: str

    @property
    def is_large(self) -> bool:
        """Whether the hub keeps it outside git and names its SHA-256."""
        return len(self.etag) == 64
