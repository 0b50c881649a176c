"""Tensor metadata of weight files (dtype and shape), and the notes made while reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from torso.io.paths import shown
from torso.language import say

if TYPE_CHECKING:
    import torch

MOST_TENSORS = 200_000
MOST_DIMENSIONS = 64  # torch's own limit

# Name in a safetensors header: bytes of one element, and the name in torch. The order is that of the safetensors
# library, in which a file's tensors are ordered from the last kind to the first, so that every tensor is aligned.
_DTYPES: dict[str, tuple[int, str]] = {
    "BOOL": (1, "bool"),
    "U8": (1, "uint8"),
    "I8": (1, "int8"),
    "F8_E5M2": (1, "float8_e5m2"),
    "F8_E4M3": (1, "float8_e4m3fn"),
    "F8_E8M0": (1, "float8_e8m0fnu"),
    "I16": (2, "int16"),
    "U16": (2, "uint16"),
    "F16": (2, "float16"),
    "BF16": (2, "bfloat16"),
    "I32": (4, "int32"),
    "U32": (4, "uint32"),
    "F32": (4, "float32"),
    "C64": (8, "complex64"),
    "F64": (8, "float64"),
    "I64": (8, "int64"),
    "U64": (8, "uint64"),
}
DTYPES: tuple[str, ...] = tuple(_DTYPES)


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Dtype and shape of a stored tensor; the dtype by its safetensors name: ``F32``, ``F16``, ``BF16``, ``I64`` …"""

    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.elements * _DTYPES[self.dtype][0]

    @property
    def is_float(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return self.dtype in ("F64", "F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class Note:
    """Non-fatal finding about a file; prints in the language in force."""

    code: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])

    def __str__(self) -> str:
        return say(self.template, self.values)


def item_size(dtype: str) -> int:
    """Return the bytes of one element of a dtype."""
    return _DTYPES[dtype][0]


def common_name(dtype: str) -> str:
    """Return the name by which users know a dtype, such as ``torch.float16``."""
    return f"torch.{_DTYPES[dtype][1]}"


def torch_dtype(dtype: str) -> torch.dtype:
    """Return the torch dtype of a safetensors name."""
    import torch

    return getattr(torch, _DTYPES[dtype][1])


def dtype_name(dtype: torch.dtype) -> str | None:
    """Return the safetensors name of a torch dtype, or None if torso stores no such tensors."""
    name = str(dtype).removeprefix("torch.")
    ours = next((ours for ours, (_, theirs) in _DTYPES.items() if theirs == name), None)
    return None if ours is not None and ours.startswith("F8_") else ours  # read only, and made wider


def fits_memory(shape: tuple[int, ...]) -> bool:
    """Return whether the product of a shape's non-zero sizes is addressable on a 64-bit machine.

    The zeros are left out because strides are products of the other sizes, and must not overflow either.
    """
    total = 1
    for size in shape:
        total *= size or 1
        if total >= 1 << 60:
            return False
    return True


def constant_note(name: str, path: Path) -> Note:
    """Build the note on a tensor whose elements are all equal, such as a layer that was never trained."""
    return Note("N_CONSTANT", "Every number of {name} in {path} is the same.", dict(name=name, path=shown(path)))


def note_once(notes: list[Note], note: Note) -> None:
    """Append a note unless it is there already, as when a tensor is read again."""
    if note not in notes:
        notes.append(note)
