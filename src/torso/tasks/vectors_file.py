"""The vectors of a folder's passages, kept in a file of that folder; of very many texts, in several.

An entry is believed where the file's key is that of the model, where its rows and width are those that the text and the
model have, and where its own SHA-256 fits. Whatever else is in the file, or in its place, counts as absent and is made
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from torso.engines.model_files import files_hash, model_files_hash
from torso.errors import TorsoError
from torso.host_batch import Rows
from torso.tasks.embedding_recipe import Dense, LayerNorm
from torso.tasks.ready import recipe_of
from torso.weights import safetensors
from torso.weights.number_bits import NumberBits
from torso.weights.tensor_entry import TensorEntry

if TYPE_CHECKING:
    from torso.tasks.ready import Ready

INDEX = ".torso-search.safetensors"
MOST_ENTRIES = 50_000
"""Texts in one file: far fewer than the tensors and the metadata that a reader of safetensors files takes."""

_FORM = "torso-search-2"


def key_of(ready: Ready[Any], pooling: str | None, prompt: str | None, *, loaded: bool, kind: str = "dense") -> str:
    """SHA-256 in hexadecimal of all that decides a passage's vector.

    Args:
        ready: the model and its tokenizer.
        pooling: as the call says.
        prompt: that is put before passages.
        loaded: whether the model or its tokenizer were given loaded, so that what is in memory counts; otherwise they
            were just made of the folder's files, which count then.
        kind: of the vectors.
    """
    recipe = recipe_of(ready) if pooling is None and kind == "dense" else None
    stated = [_FORM, pooling, prompt, ready.runner.precision, ready.tokenizer.max_tokens]
    stated += [] if kind == "dense" else [kind]
    whole = hashlib.sha256(json.dumps(stated).encode())
    if not loaded and ready.folder is not None:
        whole.update(model_files_hash(ready.folder).encode())
        return whole.hexdigest()
    whole.update(ready.runner.fingerprint().encode())
    whole.update(ready.tokenizer.fingerprint().encode())
    if kind != "dense" and ready.folder is not None:  # which layers and settings count is said in many files
        whole.update(files_hash(ready.folder).encode())
    if recipe is not None:
        layers = (*recipe.row_layers, *recipe.layers)
        parts = (recipe.modes, recipe.normalize, recipe.max_tokens, recipe.lowercase, recipe.dimensions)
        # Of a layer its files count, not where they are.
        stored = [each for each in layers if isinstance(each, (Dense, LayerNorm))]
        shapes = [replace(each, folder=Path()) if isinstance(each, (Dense, LayerNorm)) else each for each in layers]
        whole.update(repr([*parts, recipe.pools_prompt, shapes]).encode())
        for layer in stored:
            whole.update(files_hash(layer.folder).encode())
    return whole.hexdigest()


def read(path: Path, key: str, wanted: Mapping[str, tuple[int | None, int]]) -> tuple[dict[str, Rows], bool]:
    """Read the vectors of texts from a file; return them, and whether the file should be rewritten.

    Args:
        path: the file, which need not be there.
        key: of `key_of`.
        wanted: the rows and the width of what is kept of each text, by the text's SHA-256; of rows None for any number.
    """
    known: dict[str, Rows] = {}
    entries = 0
    for file_path in _files_of(path, len(wanted)):
        if file_path != path and not file_path.exists():
            break
        entries += _read_file(file_path, key, wanted, known)
    return known, len(known) < max(len(wanted), entries)


def _files_of(path: Path, texts: int) -> Iterator[Path]:
    """Yield the files of an index of so many texts, and the one after them."""
    yield path
    for number in range(2, 3 + texts // MOST_ENTRIES):
        yield _further(path, number)


def _further(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _read_file(path: Path, key: str, wanted: Mapping[str, tuple[int | None, int]], known: dict[str, Rows]) -> int:
    """Add what one file holds of the texts to ``known``; return its entries, 0 for one that is not believed."""
    with suppress(TorsoError, OSError):
        file = safetensors.SafetensorsFile(path)
        if file.metadata.get("key") != key:
            return 0
        for name, entry in file.entries.items():
            digest, _, own = name.partition(":")
            if digest not in wanted or digest in known or not _fits(entry, *wanted[digest]):
                continue
            rows = np.empty(entry.shape, np.float32)
            with suppress(TorsoError):  # E_NONFINITE, or cut since it was opened
                file.read_into(name, NumberBits(rows, "F32"))
                if own == _seal(key, digest, rows):
                    known[digest] = rows
        return len(file.entries)
    return 0


def _fits(entry: TensorEntry, rows: int | None, width: int) -> bool:
    return entry.dtype == "F32" and len(entry.shape) == 2 and entry.shape[1] == width and rows in (None, entry.shape[0])


def write(path: Path, key: str, vectors: Mapping[str, Rows]) -> None:
    """Write the vectors [N, D] of texts, by their SHA-256; each file whole or not at all.

    Raises:
        AccessError, DiskError: if it cannot be written.
    """
    remaining = iter(vectors.items())
    written = max(1, -(-len(vectors) // MOST_ENTRIES))
    for number in range(1, written + 1):
        some = dict(islice(remaining, MOST_ENTRIES))
        dense = {digest: np.ascontiguousarray(rows, np.float32) for digest, rows in some.items()}
        named = {f"{digest}:{_seal(key, digest, rows)}": NumberBits(rows, "F32") for digest, rows in dense.items()}
        safetensors.write(path if number == 1 else _further(path, number), named, {"form": _FORM, "key": key})
    while (left := _further(path, written + 1)).exists():  # from when the folder held more texts
        left.unlink()
        written += 1


def _seal(key: str, digest: str, rows: Rows) -> str:
    whole = hashlib.sha256(f"{key}:{digest}:{list(rows.shape)}:".encode())
    whole.update(np.ascontiguousarray(rows).data)
    return whole.hexdigest()
