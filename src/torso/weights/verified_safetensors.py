"""Safetensors files written by torso itself, with a SHA-256 of their contents that is checked on every read.

The hash proves that a file is as it was written, not who wrote it: what is read is held to what is expected as well,
before memory is taken for it. Nothing is memory-mapped; see `torso.weights.read_tensor`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from torso.weights import safetensors
from torso.weights.number_bits import NumberBits, memory
from torso.weights.tensor_entry import TensorEntry

_HASH = "sha256"
"""The key of the metadata that holds the hash; every other one is a part of what is hashed."""


def write(path: Path, tensors: Mapping[str, NumberBits], metadata: Mapping[str, str], *, align: int = 8) -> None:
    """Write a file atomically.

    Args:
        path: the file; its folder exists.
        tensors: contiguous arrays, by name.
        metadata: strings for the header.
        align: bytes of which the tensors begin at a multiple.

    Raises:
        TorsoError: as `torso.weights.safetensors.write`.
    """
    safetensors.write(path, tensors, {**metadata, _HASH: _digest(tensors, metadata)}, align=align)


def _empty(entry: TensorEntry) -> NumberBits:
    return NumberBits.empty(entry.shape, entry.dtype)


def read(
    file: safetensors.SafetensorsFile,
    expected: Mapping[str, TensorEntry] | None = None,
    *,
    empty: Callable[[TensorEntry], NumberBits] = _empty,
) -> dict[str, NumberBits]:
    """Read the tensors of a file that `write` wrote, into new memory.

    Args:
        file: an open file.
        expected: names, dtypes and shapes that it must hold, these and no others; None where any will do.
        empty: allocates memory for a tensor.

    Raises:
        ValueError: with the reason in words, where it holds something else, or not what was written.
        FileFormatError: E_TRUNCATED, for a file that was truncated after it was opened.
    """
    if expected is not None and dict(file.entries) != dict(expected):
        odd = next(
            name
            for name in sorted(file.entries.keys() | expected.keys())
            if file.entries.get(name) != expected.get(name)
        )
        raise ValueError(f"{odd}: {_spelled(file.entries.get(odd))} in place of {_spelled(expected.get(odd))}")
    tensors: dict[str, NumberBits] = {}
    for name, entry in file.entries.items():
        tensors[name] = empty(entry)
        file.read_into(name, tensors[name], allow_nonfinite=True)
    if not is_as_written(tensors, file.metadata):
        raise ValueError("its SHA-256 is not that of what it holds")
    return tensors


def is_as_written(tensors: Mapping[str, NumberBits], metadata: Mapping[str, str]) -> bool:
    """Return whether the hash in a file's metadata is that of its tensors."""
    return metadata.get(_HASH) == _digest(tensors, metadata)


def _digest(tensors: Mapping[str, NumberBits], metadata: Mapping[str, str]) -> str:
    whole = hashlib.sha256(json.dumps({key: metadata[key] for key in sorted(metadata) if key != _HASH}).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        whole.update(json.dumps([name, tensor.dtype, list(tensor.data.shape)]).encode())
        whole.update(memory(tensor.data))
    return whole.hexdigest()


def _spelled(entry: TensorEntry | None) -> str:
    return "nothing" if entry is None else f"{entry.dtype} {list(entry.shape)}"
