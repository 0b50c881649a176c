"""Single kernels as functions of CPU tensors: the stages of an encoder call.

Each is tested against the function of the same name in `torso.kernels.reference`, in plain PyTorch. Tensors may be
views of any stride: those that are not contiguous are copied. No gradient is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from torso.errors import InputError
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.abi import Embeddings
from torso.kernels.abi import Norm as NormStructure
from torso.kernels.attention import attention
from torso.kernels.buffer_checks import check, kernels, thread_count
from torso.kernels.library import check_status
from torso.kernels.products import Quantised, linear, pack, quantise

__all__ = ["Norm", "Quantised", "add_norm", "attention", "embed", "linear", "pack", "quantise"]


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """Parameters of a norm.

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


def add_norm(x: Tensor, other: Tensor | None, norm: Norm | None, *, threads: int | None = None) -> Tensor:
    """Compute norm(x + other): two times [T, D] float32 -> [T, D].

    Args:
        x: rows.
        other: added to x, such as a branch's output; None for nothing.
        norm: None for the sum alone.
        threads: number of threads; None for as many as torch's.

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
    structure, keepalive = _norm(norm, x.shape[1])
    x = x.detach().contiguous()
    out = torch.empty_like(x)
    library.call.torso_add_norm(
        native.pointer(structure), memory.address(x), memory.address(other), *x.shape, memory.address(out),
        thread_count(threads),
    )  # fmt: skip
    del keepalive  # until here: the structure points into it
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
    """Compute norm(scale * table[tokens] + segment_table[segments] + position_table[positions + offset]): [T, D].

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
        threads: number of threads; None for as many as torch's.

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
    structure, keepalive = _norm(norm, width)
    rows = [0 if each is None else len(each) for each in tables]
    everything = Embeddings(*map(memory.address, tables), *rows, offset, scale, structure)
    # Read only beside a table of positions, but never a null pointer.
    ids[2] = ids[0] if ids[2] is None else ids[2]
    out = memory.empty(count, width)
    check_status(
        library.call.torso_embed(
            native.pointer(everything),
            *map(memory.address, ids),
            count,
            width,
            memory.address(out),
            thread_count(threads),
        )
    )
    del keepalive
    return out


def _norm(norm: Norm | None, width: int) -> tuple[NormStructure, list[Tensor | None]]:
    """Build the structure, with the tensors that it points to."""
    if norm is None:
        return NormStructure(native.NO_NORM), []
    check("weight", norm.weight, (width,), floating=True)
    if norm.bias is not None:
        check("bias", norm.bias, (width,), floating=True)
    keepalive = [memory.contiguous(norm.weight), None if norm.bias is None else memory.contiguous(norm.bias)]
    kind = native.RMS_NORM if norm.rms else native.LAYER_NORM
    return NormStructure(kind, *map(memory.address, keepalive), norm.epsilon), keepalive
