"""Tensor reads from a file straight into final memory, with every value checked once.

Nothing is memory-mapped: a mapped file that is truncated kills the process with SIGBUS, while a read that comes up
short is an error; and since every value is looked at for NaN, mapping would save nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import UnsupportedError, WeightsError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile
from torso.weights.number_bits import NumberBits, memory, narrowed
from torso.weights.tensor_entry import TensorEntry, common_name, item_size
from torso.weights.value_check import ValueCheck

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 1 << 20  # elements read and checked at a time: large enough to be fast, small enough to stay in the cache
# Elements converted at a time. A larger buffer, allocated per tensor while the weights stay allocated, fragments the
# heap: measured, a tenth of the weights' size is lost in one process of three.
_CONVERTED = 1 << 16


def read_contiguous(
    out: NumberBits,
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
        out: the destination, of the entry's shape and any strides; a part of a larger array is fine.
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
    require_fit(out, file.path, entry, name)
    if not out.data.flags.c_contiguous:
        straight = NumberBits.empty(out.data.shape, out.dtype)
        same = read_contiguous(
            straight, file, offset, entry, name=name, allow_nonfinite=allow_nonfinite, observe=observe
        )
        out.data[...] = straight.data
        return same
    flat = out.data.reshape(-1)
    converts, step = out.dtype != entry.dtype, item_size(entry.dtype)
    size = _CONVERTED if converts else _CHUNK
    buffer = NumberBits.empty((min(size, flat.size) if converts else 0,), entry.dtype).data
    check = ValueCheck(file.path, entry, name, allow_nonfinite)
    for start in range(0, flat.size, size):
        target = flat[start : start + size]
        chunk = buffer[: target.size] if converts else target
        view = memory(chunk)
        file.read_into(view, offset + start * step)
        if observe:
            observe(view)
        wide = check.stored(chunk, start)
        if converts:
            target[...] = narrowed(wide, out.dtype)
            check.converted(target, out.dtype, wide, start)
    return check.constant


def read_strided(
    out: NumberBits,
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
    from numpy.lib.stride_tricks import as_strided

    require_fit(out, file.path, entry, name)
    strides, span = layout
    check = ValueCheck(file.path, entry, name, allow_nonfinite)
    if not span:
        return check.constant
    run = NumberBits.empty((span,), entry.dtype).data
    file.read_into(memory(run), offset)
    steps = tuple(each * run.itemsize for each in strides)
    stored = as_strided(run, entry.shape, steps).reshape(-1).copy()
    wide = check.stored(stored, 0)
    if out.dtype == entry.dtype:
        out.data[...] = stored.reshape(entry.shape)
    else:
        straight = narrowed(wide, out.dtype)
        check.converted(straight, out.dtype, wide, 0)
        out.data[...] = straight.reshape(entry.shape)
    return check.constant


def require_fit(out: NumberBits, path: Path, entry: TensorEntry, name: str) -> None:
    """Raise if ``out`` cannot take the tensor: E_SHAPE, or E_DTYPE; E_UNSUPPORTED on a big-endian machine."""
    shape, wanted = out.data.shape, TensorEntry(out.dtype, out.data.shape)
    values = dict(
        name=name,
        path=shown(path),
        got=list(entry.shape),
        want=list(shape),
        stored=entry.dtype,
        wanted=common_name(out.dtype),
    )
    if shape != entry.shape:
        raise WeightsError(
            "E_SHAPE",
            "{name} in {path} has the shape {got}; the model needs {want}.",
            cure="Use the config that belongs to these weights.",
            values=values,
        )
    if out.dtype != entry.dtype and not (entry.is_float and wanted.is_float):
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


def write_computed(
    values: Callable[[], NDArray[Any]],
    out: NumberBits,
    path: Path,
    entry: TensorEntry,
    name: str,
    *,
    allow_nonfinite: bool,
) -> None:
    """Write a tensor that is computed of others of its file into ``out``, every value looked at.

    Args:
        values: computes it, float32, of the entry's shape.
        out: see `torso.weights.weights.Weights.read_into`.
        path: of the file, for messages.
        entry: its type and shape.
        name: its name.
        allow_nonfinite: takes NaN and infinities as they are.

    Raises:
        WeightsError: E_SHAPE, E_DTYPE, E_NONFINITE, E_OVERFLOW.
    """
    import numpy as np

    require_fit(out, path, entry, name)
    check = ValueCheck(path, entry, name, allow_nonfinite)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused by name
        made = values()
    if made.size:
        wide = check.stored(made.reshape(-1), 0)
        straight = narrowed(wide, out.dtype)
        check.converted(straight, out.dtype, wide, 0)
        out.data[...] = straight.reshape(entry.shape)
