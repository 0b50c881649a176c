"""The hash by which a hub knows a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torso.hub.remote_file import RemoteFile

_BLOCK = 1 << 20


class Digest:
    """The hash by which a hub knows a file: SHA-256 of its content, or git's SHA-1 of it as a blob.

    Args:
        file: the file; the length of its ``etag`` says which hash it is.
    """

    def __init__(self, file: RemoteFile) -> None:
        self._hash = hashlib.sha256() if file.is_large else hashlib.sha1(f"blob {file.size}\0".encode())

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        self._hash.update(data)

    def hexdigest(self) -> str:
        """Return the hash of all bytes so far, hexadecimal."""
        return self._hash.hexdigest()


def digest_of(path: Path, file: RemoteFile) -> str:
    """Return the hash of a file on the disk, of the kind that ``file.etag`` is, reading a mebibyte at a time."""
    digest = Digest(RemoteFile(file.path, path.stat().st_size, file.etag, file.blob))
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
