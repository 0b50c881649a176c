"""The texts of a folder, divided into passages. Loads no torch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torso.errors import NotFoundError
from torso.io.files import read_text, shown

SUFFIXES = (".txt", ".md")
_MOST = 64 << 20  # bytes of one file
_PASSAGE = 1000  # characters after which a passage ends with its paragraph
_PARAGRAPH = re.compile(r"\S.*+(?:\n(?!\s*\n).*+)*+")


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a folder.

    Attributes:
        name: its path within the folder, with ``/`` between the parts.
        text: its characters.
        digest: SHA-256 of them in UTF-8.
        spans: where its passages begin and end.
    """

    name: str
    text: str
    digest: str
    spans: tuple[tuple[int, int], ...]


def documents(folder: Path) -> Iterator[Document]:
    """Every file of a folder and the folders in it that ends in .txt or .md, by name; hidden ones are left out.

    Raises:
        NotFoundError: E_NO_FOLDER; E_NO_TEXTS for a folder without such a file.
        FileFormatError: E_TEXT for a file that is not UTF-8.
        TorsoError: as `torso.io.files.read_text`, but for empty files, which have no passages.
    """
    if not folder.is_dir():
        raise NotFoundError(
            "E_NO_FOLDER",
            "There is no folder {folder}.",
            cure="Name a folder of .txt or .md files.",
            values=dict(folder=shown(folder)),
        )
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _is_hidden(path.relative_to(folder))
    ]
    if not found:
        raise NotFoundError(
            "E_NO_TEXTS",
            "There is no .txt or .md file in {folder}.",
            cure="Name a folder of .txt or .md files.",
            values=dict(folder=shown(folder)),
        )
    for path in found:
        text = read_text(path, limit=_MOST, code="E_TEXT") if path.stat().st_size else ""
        digest = hashlib.sha256(text.encode()).hexdigest()
        yield Document(path.relative_to(folder).as_posix(), text, digest, tuple(passages(text)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Where the passages of a text begin and end: paragraphs, as many together as stay below 1,000 characters."""
    begin: int | None = None
    end = 0
    for paragraph in _PARAGRAPH.finditer(text):
        if begin is not None and paragraph.end() - begin > _PASSAGE:
            yield begin, end
            begin = None
        begin = paragraph.start() if begin is None else begin
        end = begin + len(text[begin : paragraph.end()].rstrip())
    if begin is not None:
        yield begin, end
