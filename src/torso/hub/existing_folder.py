"""Folders that a person names: whether they are there, and what is near where they are not."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from torso.errors import AccessError, NotFoundError, TorsoError
from torso.io.embedded_files import holds_files
from torso.io.files import shown
from torso.language import say
from torso.weights import gguf_files as gguf_files  # registers what reads a GGUF file as a folder
from torso.weights.foreign_formats import format_of_file


@contextmanager
def readable() -> Generator[None]:
    """Raise operating system errors inside the block, or the function, as torso's, with the path.

    Raises:
        AccessError: E_ACCESS.
    """
    try:
        yield
    except PermissionError as error:
        if isinstance(error, TorsoError) or error.filename is None:
            raise
        raise AccessError(
            "E_ACCESS",
            "{path} cannot be read: {reason}.",
            cure="Check its permissions, or name another cache: HF_HUB_CACHE",
            values=dict(path=shown(str(error.filename)), reason=error.strerror or error),
        ) from None


def existing_folder(text: str) -> Path:
    """Return the folder that a path means, or the GGUF file, which is a model by itself.

    Raises:
        NotFoundError: E_NO_FOLDER, with the nearest names, or saying that the path is a file.
    """
    path = Path(os.path.expanduser(text))  # pathlib's own raises where there is no such user
    if is_folder(path) or holds_files(path):
        return path
    if path.is_file():
        kind = format_of_file(path.name)
        if kind is not None:
            raise NotFoundError(
                "E_NO_FOLDER",
                "{path} holds weights {kind}, and torso loads the folder of a model.",
                cure="Get the same model as safetensors, with its config and tokenizer.",
                values=dict(path=shown(path), kind=say(kind)),
            )
        raise NotFoundError(
            "E_NO_FOLDER",
            "{path} is a file, and a model is a folder.",
            cure="Give the folder that it is in: {parent}",
            values=dict(path=shown(path), parent=shown(path.parent)),
        )
    near = _nearest(path)
    raise NotFoundError(
        "E_NO_FOLDER",
        "There is no folder {path}. Near it: {near}." if near else "There is no folder {path}.",
        cure="Correct the path; for a model of the Hub, give its id: org/name",
        values=dict(path=shown(text), near=", ".join(near)),
    )


def is_folder(path: Path) -> bool:
    """Return whether a folder is there; any text may be asked for."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long for the system
        return False


def _nearest(path: Path) -> list[str]:
    parent = path.parent
    try:
        names = sorted(
            entry.name for entry in parent.iterdir() if entry.is_dir() or entry.suffix.lower() == gguf_files.ENDING
        )
    except OSError:
        return []
    return [shown(parent / name) for name in get_close_matches(path.name, names, n=3, cutoff=0.4)]
