"""Tokenizer cache on disk: a cached tokenizer loads without conversion and checks.

An entry is named by a hash of the files it was made from, and begins with a hash of itself, which proves that it is
whole and not who wrote it: one that another user owns, or that others may write, is not read, nor is one of another
form. It holds a tokenizer.json in columns, which `tokenizers` takes faster than JSON. Nothing here is ever an error:
without the cache, loading takes longer.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

from tokenizers import AddedToken as EngineToken
from tokenizers import Tokenizer as Engine
from tokenizers.models import BPE, Unigram

from torso.errors import TorsoError
from torso.io.atomic_write import write_atomically
from torso.io.files import open_regular
from torso.io.private_cache import cache_folder, is_private
from torso.io.strict_json import decode_json
from torso.text.backend_tokenizer import no_panic
from torso.text.tokenizer_json_check import Table
from torso.text.vocabulary_models import kind_of

WORTHWHILE = 256 * 1024  # bytes of files; smaller ones are as quickly read from their own files
_MARK = b"torso text 4 " + sys.byteorder.encode() + b"\n"  # another number for every change of a conversion
_ENTRY_LIMIT = 512 * 2**20
_MOST_ENTRIES = 64


@dataclass(frozen=True, slots=True)
class Ready:
    """Metadata of a tokenizer beside `tokenizers`' own object.

    Attributes:
        outline: its tokenizer.json without vocabulary and merges.
        removed: what in it is not followed.
        named: special tokens by name.
        extra: special tokens without a name.
        largest: the largest id it can give.
    """

    outline: Table
    removed: tuple[str, ...]
    named: Mapping[str, str]
    extra: tuple[str, ...]
    largest: int


def outlined(document: Table) -> Table:
    """Return ``document`` without vocabulary and merges, its model's kind made explicit."""
    model = cast(Table, document["model"])
    kept = {key: value for key, value in model.items() if key not in ("vocab", "merges")}
    return document | {"model": kept | {"type": kind_of(model)}}


def key_of(said: Sequence[str], contents: Sequence[bytes]) -> str:
    """Return the cache key: a hash of the vocabulary's files and of its companion files."""
    digest = hashlib.sha256(_MARK)
    for part in (*(text.encode("utf-8", "surrogatepass") for text in said), *contents):
        digest.update(b"%d\n" % len(part))
        digest.update(part)
    return digest.hexdigest()


def place() -> Path:
    """Return the cache folder, see `cache_folder`."""
    return cache_folder("text")


def remember(key: str, document: Table, ready: Ready) -> None:
    """Store a tokenizer for the next load, if its kind gains by it and the folder is writable."""
    columns = _columns(cast(Table, document["model"]))
    if columns is None:
        return
    head = {
        "outline": ready.outline,
        "removed": ready.removed,
        "named": ready.named,
        "extra": ready.extra,
        "largest": ready.largest,
        "sizes": [len(column) for column in columns],
    }
    body = b"\n".join([json.dumps(head, ensure_ascii=False).encode(), b"".join(columns)])
    with suppress(OSError, TorsoError, RuntimeError):
        folder = place()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder.stat()):
            return
        with write_atomically(folder / key) as file:
            if os.name != "nt":
                os.fchmod(file.fileno(), 0o600)
            file.write(_MARK + hashlib.sha256(body).digest() + body)
        _forget_the_oldest(folder)


def _forget_the_oldest(folder: Path) -> None:
    entries = [entry for entry in folder.iterdir() if len(entry.name) == 64]
    if len(entries) > _MOST_ENTRIES:
        for entry in sorted(entries, key=lambda entry: entry.stat().st_mtime)[:-_MOST_ENTRIES]:
            entry.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """Cache entry: a tokenizer's metadata, and its vocabulary in columns."""

    ready: Ready
    columns: tuple[bytes, ...]

    def engine(self) -> Engine:
        """Build `tokenizers`' own object.

        Raises:
            Fault: `tokenizers` refuses it: the entry is of another version of it.
        """
        return _assembled(self.ready.outline, self.columns)


def recall(key: str) -> Kept | None:
    """Return the entry under ``key``; None if there is no intact one, or another user may have written it."""
    try:
        data = _read(place(), key)
        start = len(_MARK) + 32
        body = memoryview(data)[start:]
        if data[:start] != _MARK + hashlib.sha256(body).digest():
            return None
        end = data.index(b"\n", start)
        return _kept(decode_json(data[start:end].decode()), data[end + 1 :])
    except (OSError, TorsoError, RuntimeError, ValueError):
        return None


def _read(folder: Path, key: str) -> bytes:
    """Read the bytes of an entry; empty if it cannot be trusted."""
    if not _is_ours(folder.stat()):
        return b""
    with open_regular(folder / key) as (descriptor, size), open(descriptor, "rb", closefd=False) as file:
        return file.read() if size <= _ENTRY_LIMIT and _is_ours(os.fstat(descriptor)) else b""


def _is_ours(status: os.stat_result) -> bool:
    """Return whether a file or folder is this user's or the system's, and writable by no other user."""
    return is_private(status, of_system=True)


def _kept(head: object, columns: bytes) -> Kept:
    """Build an entry from its head and its columns.

    Raises:
        ValueError: where they are not of the form that `remember` writes.
    """
    table = _table(head)
    outline, named = _table(table.get("outline")), _table(table.get("named"))
    _table(outline.get("model"))
    sizes = [_count(size) for size in _list(table.get("sizes"))]
    if sum(sizes) != len(columns):
        raise ValueError("the columns are longer or shorter than the head says")
    cut = tuple(columns[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True))
    names = {name: _text(token) for name, token in named.items()}
    removed, extra = (tuple(_text(each) for each in _list(table.get(key))) for key in ("removed", "extra"))
    return Kept(Ready(outline, removed, names, extra, _count(table.get("largest"))), cut)


def _table(value: object) -> Table:
    if not isinstance(value, dict):
        raise ValueError("no table")
    return cast(Table, value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return cast("list[object]", value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value


def _columns(model: Table) -> list[bytes] | None:
    """Return a vocabulary as columns: tokens; their scores, or their ids and the indices of each merge's halves."""
    kind, vocabulary = kind_of(model), model["vocab"]
    if kind == "Unigram":
        entries = cast("list[tuple[str, float]]", vocabulary)
        texts, numbers = [token for token, _ in entries], [array("d", [score for _, score in entries])]
    elif kind == "BPE":
        table = cast("dict[str, int]", vocabulary)
        written = cast("list[str | list[str]]", model["merges"])
        merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in written]
        places = {token: place for place, token in enumerate(table)}
        halves = [array("I", [places[pair[half]] for pair in merges]) for half in (0, 1)]
        texts, numbers = list(table), [array("I", table.values()), *halves]
    else:
        return None
    if any("\0" in text for text in texts):
        return None
    return ["\0".join(texts).encode(), *(column.tobytes() for column in numbers)]


def _assembled(outline: Table, columns: Sequence[bytes]) -> Engine:
    """Build the `tokenizers` object of an outline and its columns."""
    nothing: Table = {"type": "WordLevel", "vocab": {"": 0}, "unk_token": ""}
    with no_panic():
        model = cast(Table, outline["model"])
        frame = outline | cast(Table, {"model": nothing, "added_tokens": []})
        tokens = columns[0].decode().split("\0")
        engine = Engine.from_str(json.dumps(frame))
        if model["type"] == "Unigram":
            entries = list(zip(tokens, array("d", columns[1]), strict=True))
            unknown = cast("int | None", model.get("unk_id"))
            engine.model = Unigram(entries, unknown, bool(model.get("byte_fallback")))
        else:
            halves = [map(tokens.__getitem__, array("I", column)) for column in columns[2:]]
            parameters: dict[str, Any] = {
                name: model[name] for name in model if name != "type" and model[name] is not None
            }
            engine.model = BPE(
                vocab=dict(zip(tokens, array("I", columns[1]), strict=True)),
                merges=list(zip(*halves, strict=True)),
                **parameters,
            )
        engine.add_tokens([_token(table) for table in cast("list[Table]", outline["added_tokens"])])
    return engine


def _token(table: Table) -> EngineToken:
    flags = {name: bool(table.get(name)) for name in ("single_word", "lstrip", "rstrip", "normalized", "special")}
    return EngineToken(str(table["content"]), **flags)
