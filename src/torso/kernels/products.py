"""Matmuls with weights of three kinds by the kernels, as functions of tensors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from torso.errors import InputError, UnsupportedError
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.buffer_checks import check, kernels, shape_error, thread_count
from torso.kernels.library import check_status
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.support import ACTIVATIONS
from torso.nn.activations import activation as named


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """Rows in eight bits: number times scale plus min gives each value back, to half a step.

    Attributes:
        numbers: [T, D rounded up to a multiple of 4] uint8; 0 behind the last value.
        scales: [T, groups].
        mins: [T, groups], the least value of each group; NaN where the scale is.
    """

    numbers: Tensor
    scales: Tensor
    mins: Tensor


def pack(weight: Tensor, bias: Tensor | None = None, kind: int = native.FLOAT32, group: int = 0) -> PackedWeight:
    """Pack a linear layer's weight [outputs, inputs] and bias [outputs] for `linear` on this processor.

    Args:
        weight: of any floating dtype; its numbers are copied.
        bias: likewise, or None.
        kind: `native.FLOAT32`, `native.BFLOAT16` or `native.EIGHT_BITS`.
        group: for eight bits, inputs that share a scale: a multiple of 4; 0 for all of them.

    Raises:
        InputError: ``E_SHAPE``, for shapes that do not fit, a group that is no multiple of 4, or one too large for a
            sum in eight bits.
        InputTypeError: ``E_DTYPE``, for other numbers or another device.
        UnsupportedError: ``E_KERNELS``, without kernels, or without this kind on this processor.
    """
    library = kernels(kind)
    check("weight", weight, (None, None), floating=True)
    if bias is not None:
        check("bias", bias, (weight.shape[0],), floating=True)
    if not weight.numel():
        raise shape_error("weight", weight, "[1 or more, 1 or more]")
    _check_group(group)
    arrays = [None if each is None else each.detach().float().numpy() for each in (weight, bias)]
    assert arrays[0] is not None
    return PackedWeight(library, arrays[0], arrays[1], kind, group)


def linear(x: Tensor, packed: PackedWeight, activation: str = "linear", *, threads: int | None = None) -> Tensor:
    """Compute activation(x weight^T + bias): x [T, inputs] float32 -> [T, outputs] float32.

    With a bfloat16 weight rows are rounded to bfloat16, with an eight-bit one quantised as by `quantise`; sums are
    float32 (int32 in eight bits). A row's result is the same to the last bit whatever the other rows.

    Args:
        x: rows.
        packed: of `pack`, on this processor and instruction set.
        activation: a name as in configs: linear, gelu, gelu_new, relu, silu, tanh, quick_gelu, or one that means these.
        threads: number of threads; None for as many as torch's.

    Raises:
        InputError: ``E_SHAPE``, or ``E_ACTIVATION`` for one that kernels do not compute.
        InputTypeError: ``E_DTYPE``.
        ConfigError: ``E_ACTIVATION``, for an unknown name.
        UnsupportedError: ``E_KERNELS``, without kernels, or if the weight was packed for another instruction set.
    """
    matrix = packed.structure
    library = kernels(matrix.kind)
    if packed.panel != library.panel:
        raise UnsupportedError(
            "E_KERNELS",
            "This weight was packed in panels of {packed} columns; the instruction set {name} reads {panel}.",
            cure="Pack it again.",
            values=dict(packed=packed.panel, name=library.set, panel=library.panel),
        )
    check("x", x, (None, matrix.inputs), dtype=torch.float32)
    named(activation)
    if activation not in ACTIVATIONS:
        raise InputError(
            "E_ACTIVATION",
            "The kernels do not compute the activation {name!r}.",
            cure="Apply it to the result of the activation linear.",
            values=dict(name=activation),
        )
    x, out = x.detach().contiguous(), memory.empty(len(x), matrix.outputs)
    which = ACTIVATIONS[activation]
    check_status(
        library.call.torso_linear(
            native.pointer(matrix), memory.address(x), len(x), which, memory.address(out), thread_count(threads)
        )
    )
    return out


def quantise(x: Tensor, group: int = 0) -> Quantised:
    """Quantise rows [T, D] float32 to uint8 between the least and the largest value of each group of columns.

    A group that holds a NaN or an infinity has a scale of NaN, and makes NaN of whatever is multiplied with it.

    Args:
        x: rows.
        group: columns that share a scale: a multiple of 4; 0 for the whole row.

    Raises:
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``.
        UnsupportedError: ``E_KERNELS``, without kernels, or without eight bits on this processor.
    """
    library = kernels(native.EIGHT_BITS)
    check("x", x, (None, None), dtype=torch.float32)
    _check_group(group)
    count, width = x.shape
    if not width:
        raise shape_error("x", x, "[T, 1 or more]")
    whole = -(-width // 4) * 4
    group = min(group or whole, whole)
    x = x.detach().contiguous()
    numbers = torch.empty(count, -(-width // 4) * 4, dtype=torch.uint8, device="cpu")
    scales = memory.empty(count, -(-width // group), 2)
    library.call.torso_quantise(memory.address(x), count, width, group, memory.address(numbers), memory.address(scales))
    return Quantised(numbers, *scales.unbind(-1))


def _check_group(group: int) -> None:
    if group < 0 or group % 4:
        raise InputError("E_SHAPE", "A group of {group} inputs is no multiple of 4.", values=dict(group=group))
