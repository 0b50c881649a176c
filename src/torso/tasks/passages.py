"""The texts of a folder, divided into passages. Loads no torch."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torso.errors import AccessError, NotFoundError, TorsoError
from torso.io.files import open_regular, shown
from torso.language import say

SUFFIXES = (".txt", ".md")
_MOST = 64 << 20  # bytes of one file
_NAMED = 20  # files and folders that are named as left out; the rest is counted
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
    """Yield every file of a folder and the folders in it that ends in .txt or .md, by name.

    They are read as they are, whatever their first bytes look like. Hidden files and folders are
    left out. What else cannot be read is named on stderr, with the reason, and left out: folders and files without
    permission, links that lead out of the folder or nowhere, files that are not UTF-8, or larger than 64 MiB.

    Raises:
        NotFoundError: E_NO_FOLDER; E_NO_TEXTS for a folder without such a file, or with none that can be read.
        AccessError: E_ACCESS for a folder that cannot be read.
    """
    try:
        home = folder.resolve(strict=True)
        with os.scandir(home):
            pass
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            "E_NO_FOLDER",
            "There is no folder {folder}.",
            cure="Name a folder of .txt or .md files.",
            values=dict(folder=shown(folder)),
        ) from None
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, up to Python 3.12; a null character
        raise AccessError(
            "E_ACCESS",
            "{path} cannot be read: {reason}.",
            cure="Check the path and its permissions.",
            values=dict(path=shown(folder), reason=getattr(error, "strerror", None) or error),
        ) from None
    left_out: list[str] = []
    found = _found(folder, home, left_out)
    read = 0
    for path in found:
        name = path.relative_to(folder).as_posix()
        text = _text(path, home, left_out)
        if text is not None:
            read += 1
            digest = hashlib.sha256(text.encode()).hexdigest()
            yield Document(name, text, digest, tuple(passages(text)))
    _name(left_out)
    if not read:
        raise NotFoundError(
            "E_NO_TEXTS",
            "There is no .txt or .md file in {folder}."
            if not found
            else "No .txt or .md file in {folder} can be read.",
            cure="Name a folder of .txt or .md files.",
            values=dict(folder=shown(folder)),
        )


def _found(folder: Path, home: Path, left_out: list[str]) -> list[Path]:
    """Return the files to read, sorted by their names."""
    found: list[Path] = []

    def unreadable(error: OSError) -> None:
        left_out.append(_unreadable(Path(error.filename), error))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        for name in folders:
            path = Path(place, name)
            if path.is_symlink() and not _is_hidden(name) and not _is_within(home, path):
                left_out.append(say("{path} is a link that leads out of the folder", dict(path=shown(path))))
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [Path(place, name) for name in files if name.lower().endswith(SUFFIXES) and not _is_hidden(name)]
    return sorted(found)


def _text(path: Path, home: Path, left_out: list[str]) -> str | None:
    """Return the characters of a file; None where it cannot be read, with the reason added."""
    values: dict[str, object] = dict(path=shown(path), limit=_MOST >> 20)
    if path.is_symlink() and not _is_within(home, path):
        left_out.append(say("{path} is a link that leads out of the folder", values))
        return None
    try:
        with open_regular(path) as (descriptor, _), open(descriptor, "rb", closefd=False) as file:
            data = file.read(_MOST + 1)
        if len(data) <= _MOST:
            return data.decode("utf-8").removeprefix("\ufeff")
        left_out.append(say("{path} has more than {limit} MiB", values))
    except UnicodeDecodeError:
        left_out.append(say("{path} is not UTF-8 text (to convert it: iconv -f GB18030 -t UTF-8)", values))
    except TorsoError as error:
        left_out.append(error.what.rstrip(".。"))
    except OSError as error:
        left_out.append(_unreadable(path, error))
    return None


def _unreadable(path: Path, error: OSError) -> str:
    return say("{path} cannot be read: {reason}", dict(path=shown(path), reason=error.strerror or error))


def _name(left_out: list[str]) -> None:
    """Say on stderr what was left out and why."""
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]  closed by who started the process
        return
    for reason in left_out[:_NAMED]:
        print(say("torso: left out of the search: {reason}", dict(reason=reason)), file=sys.stderr)
    if len(left_out) > _NAMED:
        print(say("torso: and {count} more", dict(count=len(left_out) - _NAMED)), file=sys.stderr)


def _is_within(home: Path, path: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(home)
    except FileNotFoundError:
        return True  # a link to nothing, which is said when it is opened
    except (OSError, RuntimeError):
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the passages of a text begin and end: paragraphs, as many together as stay below 1,000 characters."""
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
