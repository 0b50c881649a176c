"""Single kernels as functions of tensors on the CPU: what a whole encoder does in one call, stage by stage.

Each has a twin of the same name in `torso.kernels.twins`, in plain PyTorch, which tests hold it to. Tensors may be
views of any stride: what does not lie as a kernel reads it is copied first. All of it is inference: no gradient is
recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from torso.errors import InputError, UnsupportedError
from torso.kernels import library as native
from torso.kernels.arguments import check, done, kernels, shape_error, team
from torso.kernels.attention import attention
from torso.kernels.library import PackedWeight
from torso.kernels.pieces import ACTIVATIONS
from torso.nn.activations import activation as named

__all__ = ["Norm", "Quantised", "add_norm", "attention", "embed", "linear", "pack", "quantise"]


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """A norm's numbers.

    Attributes:
        weight: [D].
        bias: [D], or None.
        epsilon: added to the mean square.
        rms: whether rows are divided by their root mean square, rather than centred and divided by their deviation.
    """

    weight: Tensor
    bias: Tensor | None = None
    epsilon: float = 1e-5
    rms: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """Rows in eight bits: number times step plus low gives each value back, to half a step.

    Attributes:
        numbers: [T, D rounded up to a multiple of 4] uint8; 0 behind the last value.
        steps: [T, groups].
        lows: [T, groups], the least value of each group; no number where the step is none.
    """

    numbers: Tensor
    steps: Tensor
    lows: Tensor


def pack(weight: Tensor, bias: Tensor | None = None, kind: int = native.FLOAT32, group: int = 0) -> PackedWeight:
    """A linear layer's weight [outputs, inputs] and bias [outputs], laid out for `linear` on this processor.

    Args:
        weight: of any floating dtype; its numbers are copied.
        bias: likewise, or None.
        kind: `native.FLOAT32`, `native.BFLOAT16` or `native.EIGHT_BITS`.
        group: of eight bits, how many inputs share a scale: a multiple of 4; 0 for all of them.

    Raises:
        InputError: ``E_SHAPE``, for shapes that do not fit, or a group that is no multiple of 4.
        InputTypeError: ``E_DTYPE``, for other numbers or another device.
        UnsupportedError: ``E_KERNELS``, without kernels, or without this kind on this processor.
    """
    library = kernels(kind)
    check("weight", weight, (None, None), floating=True)
    if bias is not None:
        check("bias", bias, (weight.shape[0],), floating=True)
    if not weight.numel():
        raise shape_error("weight", weight, "[1 or more, 1 or more]")
    if group < 0 or group % 4:
        raise InputError("E_SHAPE", "A group of {group} inputs is no multiple of 4.", values=dict(group=group))
    return PackedWeight(library, weight, bias, kind, group)


def linear(x: Tensor, packed: PackedWeight, activation: str = "linear", *, threads: int | None = None) -> Tensor:
    """activation(x weight^T + bias): x [T, inputs] float32 -> [T, outputs] float32.

    A weight in bfloat16 meets rows rounded to bfloat16, one in eight bits rows quantised as by `quantise`; sums are
    float32 (whole numbers in eight bits). A row's result is the same to the last bit whatever rows are beside it.

    Args:
        x: rows.
        packed: of `pack`, on this processor and instruction set.
        activation: a name as in configs: linear, gelu, gelu_new, relu, silu, tanh, quick_gelu, or one that means these.
        threads: how many may take part; None for as many as torch's.

    Raises:
        InputError: ``E_SHAPE``, or ``E_ACTIVATION`` for one that kernels do not compute.
        InputTypeError: ``E_DTYPE``.
        ConfigError: ``E_ACTIVATION``, for a name that nobody knows.
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
    function = named(activation)
    if function not in ACTIVATIONS:
        raise InputError(
            "E_ACTIVATION",
            "The kernels do not compute the activation {name!r}.",
            cure="Apply it to the result of the activation linear.",
            values=dict(name=activation),
        )
    x, out = x.detach().contiguous(), torch.empty(len(x), matrix.outputs)
    which = ACTIVATIONS.index(function)
    done(
        library.call.torso_linear(
            native.pointer(matrix), native.address(x), len(x), which, native.address(out), team(threads)
        )
    )
    return out


def add_norm(x: Tensor, other: Tensor | None, norm: Norm | None, *, threads: int | None = None) -> Tensor:
    """norm(x + other): two times [T, D] float32 -> [T, D].

    Args:
        x: rows.
        other: what is added to them, such as what a branch gave; None for nothing.
        norm: None for the sum alone.
        threads: how many may take part; None for as many as torch's.

    Raises:
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``.
        UnsupportedError: ``E_KERNELS``, without kernels.
    """
    library = kernels()
    check("x", x, (None, None), dtype=torch.float32)
    if other is not None:
        check("other", other, tuple(x.shape), dtype=torch.float32)
        other = other.detach().contiguous()
    structure, held = _norm(norm, x.shape[1])
    x = x.detach().contiguous()
    out = torch.empty_like(x)
    library.call.torso_add_norm(
        native.pointer(structure), native.address(x), native.address(other), *x.shape, native.address(out),
        team(threads),
    )  # fmt: skip
    del held  # until here: the structure points into it
    return out


def embed(
    tokens: Tensor,
    table: Tensor,
    *,
    segments: Tensor | None = None,
    segment_table: Tensor | None = None,
    positions: Tensor | None = None,
    position_table: Tensor | None = None,
    offset: int = 0,
    scale: float = 1.0,
    norm: Norm | None = None,
    threads: int | None = None,
) -> Tensor:
    """norm(scale * table[tokens] + segment_table[segments] + position_table[positions + offset]): [T, D] float32.

    Args:
        tokens: [T] int64.
        table: [V, D] float32.
        segments: [T] int64; None for all 0. Not read without a table.
        segment_table: [S, D]; None for none.
        positions: [T] int64, wherever there is a table of them.
        position_table: [P, D]; None for none.
        offset: rows before position 0.
        scale: factor on the rows of tokens.
        norm: None for the sum alone.
        threads: how many may take part; None for as many as torch's.

    Raises:
        IndexError: if an id has no row in its table. Nothing was computed then.
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``.
        UnsupportedError: ``E_KERNELS``, without kernels.
    """
    library = kernels()
    check("tokens", tokens, (None,), dtype=torch.int64)
    check("table", table, (None, None), dtype=torch.float32)
    count, width = len(tokens), table.shape[1]
    if position_table is not None and positions is None:
        raise InputError("E_SHAPE", "A table of positions needs the positions [{count}].", values=dict(count=count))
    ids: list[Tensor | None] = [tokens.contiguous()]
    for name, given in (("segments", segments), ("positions", positions)):
        if given is not None:
            check(name, given, (count,), dtype=torch.int64)
        ids.append(None if given is None else given.contiguous())
    tables: list[Tensor | None] = [table.detach().contiguous()]
    for name, given in (("segment_table", segment_table), ("position_table", position_table)):
        if given is not None:
            check(name, given, (None, width), dtype=torch.float32)
        tables.append(None if given is None else given.detach().contiguous())
    if segment_table is not None and segments is None and count and not len(segment_table):
        raise IndexError("an id has no row in its table")
    structure, held = _norm(norm, width)
    rows = [0 if each is None else len(each) for each in tables]
    everything = native.Embeddings(*map(native.address, tables), *rows, offset, scale, structure)
    # Read only beside a table of positions, but never a null pointer.
    ids[2] = ids[0] if ids[2] is None else ids[2]
    out = torch.empty(count, width)
    done(
        library.call.torso_embed(
            native.pointer(everything), *map(native.address, ids), count, width, native.address(out), team(threads)
        )
    )
    del held
    return out


def quantise(x: Tensor, group: int = 0) -> Quantised:
    """Rows [T, D] float32 as unsigned numbers of eight bits between the least and the largest of each group of columns.

    A group that holds a NaN or an infinity has no step (NaN), and makes NaN of whatever is multiplied with it.

    Args:
        x: rows.
        group: columns that share a step: a multiple of 4; 0 for the whole row.

    Raises:
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``.
        UnsupportedError: ``E_KERNELS``, without kernels, or without eight bits on this processor.
    """
    library = kernels(native.EIGHT_BITS)
    check("x", x, (None, None), dtype=torch.float32)
    if group < 0 or group % 4:
        raise InputError("E_SHAPE", "A group of {group} inputs is no multiple of 4.", values=dict(group=group))
    count, width = x.shape
    if not width:
        raise shape_error("x", x, "[T, 1 or more]")
    group = group or -(-width // 4) * 4
    x = x.detach().contiguous()
    numbers = torch.empty(count, -(-width // 4) * 4, dtype=torch.uint8)
    steps = torch.empty(count, -(-width // group), 2)
    library.call.torso_quantise(native.address(x), count, width, group, native.address(numbers), native.address(steps))
    return Quantised(numbers, *steps.unbind(-1))


def _norm(norm: Norm | None, width: int) -> tuple[native.Norm, list[Tensor | None]]:
    """The structure, and what it points to."""
    if norm is None:
        return native.Norm(native.NO_NORM), []
    check("weight", norm.weight, (width,), floating=True)
    if norm.bias is not None:
        check("bias", norm.bias, (width,), floating=True)
    held = [native.held(norm.weight), None if norm.bias is None else native.held(norm.bias)]
    kind = native.RMS_NORM if norm.rms else native.LAYER_NORM
    return native.Norm(kind, *map(native.address, held), norm.epsilon), held
