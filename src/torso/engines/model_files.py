"""Hashes of the files of a model: what identifies one that is run as its folder has it. Loads no torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torso.adapters.adapter_folder import base_folder, is_adapter

_ENDINGS = (".json", ".txt", ".safetensors", ".bin", ".model", ".pt", ".metadata")
_OWN = ".torso-"
"""Beginning of the names of what torso itself keeps beside texts and models."""


def model_files_hash(folder: Path) -> str:
    """Return the SHA-256 in hexadecimal of the files of a model; of an adapter, with those of its base.

    Raises:
        TorsoError: as `base_folder`, for an adapter whose base is not here.
    """
    own = files_hash(folder)
    return (
        own if not is_adapter(folder) else hashlib.sha256((own + files_hash(base_folder(folder))).encode()).hexdigest()
    )


def files_hash(folder: Path) -> str:
    """Return the SHA-256 in hexadecimal of names and contents of the files in a model's folder, or of a GGUF file."""
    whole = hashlib.sha256()
    if folder.is_file():  # a GGUF file
        with folder.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and not path.name.startswith(_OWN) and path.is_file():
            with path.open("rb") as file:
                own = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}:{own}".encode())
    return whole.hexdigest()
