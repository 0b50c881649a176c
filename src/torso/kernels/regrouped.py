"""Blocks of GGUF files repacked for the kernels as they are: 32 numbers that share a scale. Loads no torch.

Q8_0 and Q4_0 in eight bits, and Q4_0 and Q4_1 in four, are the very numbers of the file; Q4_K's scales, products of
two, are rounded to float16.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels.host_memory import empty, empty_bytes
from torso.kernels.library import Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.weights.gguf_blocks import groups_of
from torso.weights.gguf_weights import Groups

_GROUP = 32
_EXACT = {native.EIGHT_BIT_GROUPS: ("Q8_0", "Q4_0"), native.FOUR_BIT_GROUPS: ("Q4_0", "Q4_1", "Q4_K")}
_PANELS = 64
"""Panels that are packed together: bounds the memory beside the result."""


def regrouped(
    library: Library, stored: Sequence[Groups], kind: int, bias: Rows | None, *, swapped: bool = False
) -> PackedWeight | None:
    """Pack matrices, one below the other, of the blocks that a file stores; None where they do not fit the kind.

    Args:
        library: the kernels.
        stored: the matrices.
        kind: `EIGHT_BIT_GROUPS` or `FOUR_BIT_GROUPS`.
        bias: [outputs], or None.
        swapped: whether the halves of the rows change places.
    """
    if any(each.kind not in _EXACT[kind] for each in stored):
        return None
    outputs = sum(len(each.rows) for each in stored)
    parts = [_of_blocks(each, kind) for each in stored]
    groups = parts[0][0].shape[1]
    if any(numbers.shape[1] != groups for numbers, _, _ in parts):
        return None
    numbers, scales, minima = parts[0]
    if len(parts) > 1:
        numbers = np.concatenate([each[0] for each in parts])
        scales, minima = np.concatenate([each[1] for each in parts]), np.concatenate([each[2] for each in parts])
    if not np.isfinite(scales).all() or not np.isfinite(minima).all():
        return None  # what is read as float32 says where
    if swapped:
        half = outputs // 2
        numbers = np.roll(numbers, half, 0)
        scales, minima = np.roll(scales, half, 0), np.roll(minima, half, 0)
    form = Form.of(kind, outputs, groups * _GROUP, biased=bias is not None)
    size, columns, grouped, _ = form.sizes(library)
    packed, padded = empty_bytes(size), None
    if bias is not None:
        padded = empty(columns)
        padded[:outputs], padded[outputs:] = bias, 0
    _lay_out(packed, library.panel, kind, numbers, scales, minima)
    beside = empty(grouped), empty(grouped)
    for each in beside:
        each[:] = 0
    return PackedWeight.again(library, form, (packed, padded, *beside))


def _of_blocks(stored: Groups, kind: int) -> tuple[NDArray[np.uint8], NDArray[np.float16], NDArray[np.float16]]:
    """Return numbers [outputs, groups, 32], scales and minima [outputs, groups] as the kernels have them."""
    found = groups_of(stored.kind, stored.rows.reshape(-1, stored.rows.shape[-1]))
    assert found is not None
    numbers, scales, minima = found
    if kind == native.EIGHT_BIT_GROUPS:  # scale * (number - 128)
        shift = 128 if stored.kind == "Q8_0" else 120
        numbers = (numbers.astype(np.int16) + shift).astype(np.uint8)
        minima = np.zeros_like(scales)
    assert minima is not None
    outputs = len(stored.rows)
    with np.errstate(over="ignore"):
        halves = [each.reshape(outputs, -1).astype(np.float16) for each in (scales, minima)]
    return numbers.reshape(outputs, -1, _GROUP), halves[0], halves[1]


def _lay_out(
    packed: NDArray[np.uint8], panel: int, kind: int, numbers: NDArray[np.uint8], scales: Any, minima: Any
) -> None:
    """Write panels, group by group: dwords of numbers, scales, and in four bits minima; see native/grouped.inl."""
    groups = numbers.shape[1]
    eight = kind == native.EIGHT_BIT_GROUPS
    of_numbers = _GROUP * panel if eight else _GROUP // 2 * panel
    whole = packed.reshape(-1, groups, of_numbers + 2 * panel * (1 if eight else 2))
    for begin in range(0, len(whole), _PANELS):
        own = whole[begin : begin + _PANELS]
        chosen = slice(begin * panel, (begin + len(own)) * panel)
        short = len(own) * panel - len(numbers[chosen])
        some = np.pad(numbers[chosen], ((0, short), (0, 0), (0, 0)))
        if eight:
            placed = some.reshape(len(own), panel, groups, 8, 4).transpose(0, 2, 3, 1, 4)
        else:
            halves = some.reshape(len(own), panel, groups, 4, 2, 4)
            placed = (halves[..., 0, :] | (halves[..., 1, :] << np.uint8(4))).transpose(0, 2, 3, 1, 4)
        own[..., :of_numbers] = placed.reshape(len(own), groups, of_numbers)
        for number, each in enumerate((scales,) if eight else (scales, minima)):
            filled = np.pad(each[chosen], ((0, short), (0, 0))).reshape(len(own), panel, groups).transpose(0, 2, 1)
            start = of_numbers + 2 * panel * number
            own[..., start : start + 2 * panel] = (
                np.ascontiguousarray(filled).view(np.uint8).reshape(*own.shape[:2], -1)
            )
