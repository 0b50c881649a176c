"""Safetensors reader and writer.

Source: https://github.com/huggingface/safetensors, format of the README; files written here are byte for byte what its
library writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from torso.errors import FileFormatError, InputError
from torso.io.files import write_atomically
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile, truncated
from torso.weights.file_kind import require_kind
from torso.weights.number_bits import NumberBits, memory
from torso.weights.read_tensor import read_contiguous
from torso.weights.safetensors_header import LONGEST_HEADER, parse_header
from torso.weights.tensor_bits import bits_of
from torso.weights.tensor_entry import DTYPES, Note, TensorEntry, constant_note, dtype_name, note_once

if TYPE_CHECKING:
    import torch

_PYTORCH: Mapping[str, str] = {"format": "pt"}


class SafetensorsFile:
    """One safetensors file: names and shapes are known after opening, tensor data is read on demand."""

    format: Literal["safetensors"] = "safetensors"

    def __init__(self, path: Path) -> None:
        """Read the header of ``path`` and check it, against the file's size too. No tensor is read.

        Raises:
            TorsoError: as `torso.io.files.open_regular`.
            FileFormatError: E_EMPTY, E_LFS_POINTER, E_NOT_WEIGHTS, E_WRONG_FORMAT, E_TRUNCATED, E_TRAILING,
                E_HEADER_SIZE, E_HEADER, E_DUPLICATE, E_OFFSETS, E_SHAPE.
            LimitError: E_LIMIT.
            UnsupportedError: E_DTYPE.
        """
        self.path = path
        self._file = ByteFile(path)
        require_kind(self._file, "safetensors")
        header = parse_header(self._read_header(), path)
        self.entries: Mapping[str, TensorEntry] = header.entries
        self.metadata: Mapping[str, str] = header.metadata
        self.notes: list[Note] = []
        self.tied: Mapping[str, str] = {}
        self._offsets = {name: offset + self._data for name, offset in header.offsets.items()}
        end = self._data + header.data_size
        if self._file.size < end:
            raise truncated(path, self._file.size, end)
        if self._file.size > end:
            raise FileFormatError(
                "E_TRAILING",
                "{path} has {count} bytes after its last tensor, where a safetensors file ends.",
                cure="Get the file again from a source you trust.",
                values=dict(path=shown(path), count=f"{self._file.size - end:,}"),
            )

    def _read_header(self) -> bytes:
        size = int.from_bytes(self._file.read(0, 8), "little")
        self._data = 8 + size
        if size > LONGEST_HEADER:
            raise FileFormatError(
                "E_HEADER_SIZE",
                "{path} announces a header of {size} bytes; the format allows {limit}. It is no safetensors file.",
                cure="Download it again: torso repair {folder}",
                values=dict(
                    path=shown(self.path), size=f"{size:,}", limit=f"{LONGEST_HEADER:,}", folder=shown(self.path.parent)
                ),
            )
        return self._file.read(8, size)

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor into ``out``; see `torso.weights.weights.Weights.read_into`."""
        entry, offset = self.entries[name], self._offsets[name]
        if read_contiguous(out, self._file, offset, entry, name=name, allow_nonfinite=allow_nonfinite):
            note_once(self.notes, constant_note(name, self.path))


def write(
    path: Path,
    tensors: Mapping[str, torch.Tensor] | Mapping[str, NumberBits],
    metadata: Mapping[str, str] = _PYTORCH,
    *,
    align: int = 8,
) -> None:
    """Write a safetensors file atomically; at most one tensor at a time is copied.

    Args:
        path: the file; its folder exists.
        tensors: arrays, or dense tensors on any device, by name, of any strides. Every one is written whole: where
            two share memory, leave one out.
        metadata: strings for the header; ``{"format": "pt"}`` is what transformers asks for.
        align: bytes of which the tensors begin at a multiple; 8 as in every such file.

    Raises:
        InputError: E_DTYPE, E_NAME, E_META_TENSOR: a tensor or name that the format cannot hold. Nothing is written.
        AccessError: E_ACCESS.
        DiskError: E_DISK_FULL.
    """
    kinds = {name: _storable(name, tensor) for name, tensor in tensors.items()}
    names = sorted(kinds, key=lambda name: (-DTYPES.index(kinds[name]), name.encode()))
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name in names:
        entry = TensorEntry(kinds[name], _shape(tensors[name]))
        header[name] = {
            "dtype": entry.dtype,
            "shape": list(entry.shape),
            "data_offsets": [offset, offset := offset + entry.size],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % align)
    with write_atomically(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(_bytes(tensors[name]))


def _shape(tensor: torch.Tensor | NumberBits) -> tuple[int, ...]:
    return tensor.data.shape if isinstance(tensor, NumberBits) else tuple(tensor.shape)


def _bytes(tensor: torch.Tensor | NumberBits) -> memoryview:
    # A view of an array keeps what it shows alive, a copy of a tensor too.
    return memory((tensor if isinstance(tensor, NumberBits) else bits_of(tensor.detach().cpu().contiguous())).data)


def _storable(name: str, tensor: torch.Tensor | NumberBits) -> str:
    """Return the safetensors dtype of a tensor, after checking that it and its name can be stored."""
    if isinstance(tensor, NumberBits):
        return tensor.dtype
    import torch

    dtype = dtype_name(tensor.dtype)
    values = dict(name=repr(name), dtype=str(tensor.dtype), known=", ".join(DTYPES))
    if dtype is None or tensor.layout is not torch.strided or tensor.is_quantized:
        raise InputError(
            "E_DTYPE",
            "{name} cannot be saved: it is {dtype} or not dense. Saved are dense tensors of {known}.",
            cure="Convert it first: tensor.to(torch.float32), tensor.to_dense() or tensor.dequantize().",
            values=values,
        )
    if tensor.is_meta:
        raise InputError(
            "E_META_TENSOR",
            "{name} cannot be saved: it has a shape and no values yet.",
            cure="Load the model's weights first.",
            values=values,
        )
    if name == "__metadata__" or not _is_text(name):
        raise InputError(
            "E_NAME",
            "{name} cannot be the name of a tensor in a safetensors file.",
            cure="Rename the parameter.",
            values=values,
        )
    return dtype


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
