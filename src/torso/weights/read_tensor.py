"""Tensor reads from a file straight into final memory, with every value checked once.

Nothing is memory-mapped: a mapped file that is truncated kills the process with SIGBUS, while a read that comes up
short is an error; and since every value is looked at for NaN, mapping would save nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from torso.errors import UnsupportedError, WeightsError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile
from torso.weights.tensor_entry import TensorEntry, item_size, torch_dtype
from torso.weights.value_check import ValueCheck

if TYPE_CHECKING:
    import torch

_CHUNK = 1 << 20  # elements read and checked at a time: large enough to be fast, small enough to stay in the cache
# Elements converted at a time. A larger buffer, allocated per tensor while the weights stay allocated, fragments the
# heap: measured, a tenth of the weights' size is lost in one process of three.
_CONVERTED = 1 << 16


def read_contiguous(
    out: torch.Tensor,
    file: ByteFile,
    offset: int,
    entry: TensorEntry,
    *,
    name: str,
    allow_nonfinite: bool = False,
    observe: Callable[[memoryview], object] | None = None,
) -> bool:
    """Read a contiguous tensor from a file into ``out``; return whether all its elements are equal.

    A tensor of the file's own type is read straight into its memory, another in chunks through a small buffer.

    Args:
        out: the destination, of the entry's shape, any device and any strides; a part of a larger tensor is fine.
        file: the file.
        offset: of the first element.
        entry: type and shape in the file.
        name: the tensor's name, for messages.
        allow_nonfinite: takes NaN and infinities as they are.
        observe: is given every chunk of bytes in order, as for a checksum.

    Raises:
        FileFormatError: E_TRUNCATED.
        WeightsError: E_SHAPE, E_DTYPE (numbers that are no floats, for a float), E_NONFINITE, E_OVERFLOW.
    """
    import torch

    require_fit(out, file.path, entry, name)
    if not (out.is_contiguous() and out.device.type == "cpu"):
        straight = torch.empty(out.shape, dtype=out.dtype)
        same = read_contiguous(
            straight, file, offset, entry, name=name, allow_nonfinite=allow_nonfinite, observe=observe
        )
        out.copy_(straight)
        return same
    flat, stored = out.detach().view(-1), torch_dtype(entry.dtype)
    converts, step = out.dtype != stored, item_size(entry.dtype)
    size = _CONVERTED if converts else _CHUNK
    buffer = torch.empty(min(size, flat.numel()) if converts else 0, dtype=stored)
    check = ValueCheck(file.path, entry, name, allow_nonfinite)
    for start in range(0, flat.numel(), size):
        target = flat[start : start + size]
        chunk = buffer[: target.numel()] if converts else target
        view = memory(chunk)
        file.read_into(view, offset + start * step)
        if observe:
            observe(view)
        check.stored(chunk, start)
        if converts:
            target.copy_(chunk)
            check.converted(target, chunk, start)
    return check.constant


def read_strided(
    out: torch.Tensor,
    file: ByteFile,
    offset: int,
    entry: TensorEntry,
    layout: tuple[tuple[int, ...], int],
    *,
    name: str,
    allow_nonfinite: bool = False,
) -> bool:
    """Read a strided tensor from a file into ``out``; return whether all its elements are equal.

    As `read_contiguous`, with a ``layout``: the strides in elements, and how many elements there are from the
    first to the last.

    Raises:
        TorsoError: as `read_contiguous`.
    """
    import torch

    require_fit(out, file.path, entry, name)
    strides, reach = layout
    run = torch.empty(reach, dtype=torch_dtype(entry.dtype))
    file.read_into(memory(run), offset)
    stored = run.as_strided(entry.shape, strides).contiguous() if reach else run.view(entry.shape)
    check = ValueCheck(file.path, entry, name, allow_nonfinite)
    if reach:
        check.stored(stored.view(-1), 0)
        straight = stored.to(out.dtype)
        if out.dtype != stored.dtype:
            check.converted(straight.view(-1), stored.view(-1), 0)
        out.copy_(straight)
    return check.constant


def memory(tensor: torch.Tensor) -> memoryview:
    """Return a writable byte view of a contiguous CPU tensor, without a copy. Valid as long as the tensor lives."""
    import ctypes

    count = tensor.numel() * tensor.element_size()
    if not count:
        return memoryview(b"")
    return memoryview((ctypes.c_char * count).from_address(tensor.data_ptr())).cast("B")


def require_fit(out: torch.Tensor, path: Path, entry: TensorEntry, name: str) -> None:
    """Raise if ``out`` cannot take the tensor: E_SHAPE, or E_DTYPE; E_UNSUPPORTED on a big-endian machine."""
    values = dict(
        name=name, path=shown(path), got=list(entry.shape), want=list(out.shape), stored=entry.dtype, wanted=out.dtype
    )
    if tuple(out.shape) != entry.shape:
        raise WeightsError(
            "E_SHAPE",
            "{name} in {path} has the shape {got}; the model needs {want}.",
            cure="Use the config that belongs to these weights.",
            values=values,
        )
    if out.dtype != torch_dtype(entry.dtype) and not (entry.is_float and out.is_floating_point()):
        raise WeightsError(
            "E_DTYPE",
            "{name} in {path} is stored as {stored}, which cannot become {wanted} without changing its meaning.",
            cure="Use a checkpoint that stores this weight as floating-point numbers.",
            values=values,
        )
    if sys.byteorder != "little":
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "Weight files are read on little-endian machines only.",
            cure="Use a little-endian machine.",
        )
