"""Files of vectors, written as the vectors come, whole or not at all."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from torso.cli.console import extent_row
from torso.errors import InputError
from torso.io.files import shown, write_atomically
from torso.language import say

if TYPE_CHECKING:
    from torso.tasks import Embedding

_HEADER = 128  # bytes; the number of rows is known only at the end, and always fits in this many


def check_suffix(path: Path, *known: str) -> None:
    """Refuse a file whose suffix is not a known format.

    Args:
        path: of the file.
        known: endings; none for all.

    Raises:
        InputError: E_ARGUMENT.
    """
    known = known or (".npy", ".jsonl")
    if path.suffix not in known:
        raise InputError(
            "E_ARGUMENT",
            "{path} does not end in {known}.",
            cure="Name the file so: --output vectors{first}",
            values=dict(path=shown(path), known=say(" or ").join(known), first=known[0]),
        )


def write(rows: Iterable[tuple[str, Embedding]], path: Path) -> tuple[int, int]:
    """Write vectors to ``path``, in the form of its suffix; return their count and width.

    Raises:
        InputError: E_ARGUMENT for another suffix.
        AccessError, DiskError: the file cannot be written. Nothing is left of it.
    """
    check_suffix(path)
    with write_atomically(path) as file:
        return _npy(rows, file) if path.suffix == ".npy" else _jsonl(rows, file)


def _jsonl(rows: Iterable[tuple[str, Embedding]], file: BinaryIO) -> tuple[int, int]:

    count = size = 0
    for text, embedding in rows:
        file.write(json.dumps(row_of(text, embedding), ensure_ascii=False).encode() + b"\n")
        count, size = count + 1, len(embedding.vector)
    return count, size


def _npy(rows: Iterable[tuple[str, Embedding]], file: BinaryIO) -> tuple[int, int]:
    """Write NumPy's format, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
    file.write(bytes(_HEADER))
    count = size = 0
    for _, embedding in rows:
        numbers = array("f", numbers_of(embedding))
        if sys.byteorder == "big":
            numbers.byteswap()
        file.write(numbers.tobytes())
        count, size = count + 1, len(numbers)
    about = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {size}), }}"
    start = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little")
    file.seek(0)
    file.write(start + about.ljust(_HEADER - 11).encode() + b"\n")
    return count, size


def numbers_of(embedding: Embedding) -> list[float]:
    """Return the vector as a list."""
    return cast("list[float]", embedding.vector.tolist())


def row_of(text: str, embedding: Embedding) -> dict[str, Any]:
    """Return a vector as plain data."""
    return {
        "text": text,
        "vector": numbers_of(embedding),
        "pooling": embedding.pooling,
        "normalized": embedding.normalized,
        "prompt": embedding.prompt,
        "max_tokens": embedding.max_tokens,
        **extent_row(embedding),
    }
