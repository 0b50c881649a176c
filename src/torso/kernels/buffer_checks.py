"""Argument checks of the functions of single kernels, so that no kernel reads out of bounds."""

from __future__ import annotations

import torch
from torch import Tensor

from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels import library as native
from torso.kernels.library import Library


def kernels(kind: int = native.FLOAT32) -> Library:
    """Return the library, if it supports a kind.

    Raises:
        UnsupportedError: ``E_KERNELS``, saying why there are none.
    """
    library = native.library()
    if library is None:
        raise UnsupportedError(
            "E_KERNELS",
            "There are no kernels here: {reason}.",
            cure="Use torso.kernels.reference, which computes the same in PyTorch.",
            values=dict(reason=native.refusal()),
        )
    if not library.has(kind):
        raise UnsupportedError(
            "E_KERNELS",
            "The instruction set {name} has no products in {kind}.",
            cure="Use another kind of weight.",
            values=dict(name=library.set, kind=("float32", "bfloat16", "eight bits")[kind]),
        )
    return library


def check(
    name: str,
    tensor: Tensor,
    shape: tuple[int | None, ...],
    dtype: torch.dtype | None = None,
    *,
    floating: bool = False,
) -> None:
    """Raise if a tensor is not what a kernel reads.

    Args:
        name: name of the argument.
        tensor: the argument.
        shape: required length of each axis; None for any.
        dtype: required dtype.
        floating: whether any floating dtype is allowed.

    Raises:
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``, for another dtype or device.
    """
    fits = tensor.is_floating_point() if floating else tensor.dtype == dtype
    if tensor.device.type != "cpu" or not fits:
        raise InputTypeError(
            "E_DTYPE",
            "{name} is {dtype} on {device}; the kernels read {wanted} on the CPU.",
            values=dict(name=name, dtype=tensor.dtype, device=tensor.device, wanted=dtype or "floating numbers"),
        )
    if tensor.ndim != len(shape) or any(b is not None and a != b for a, b in zip(tensor.shape, shape, strict=True)):
        wanted = ", ".join("any" if each is None else str(each) for each in shape)
        raise shape_error(name, tensor, f"[{wanted}]")


def shape_error(name: str, tensor: Tensor, wanted: str) -> InputError:
    """Create the error for an argument of another shape."""
    return InputError(
        "E_SHAPE",
        "{name} has the shape {shape}; it must be {wanted}.",
        values=dict(name=name, shape=list(tensor.shape), wanted=wanted),
    )


def thread_count(asked: int | None) -> int:
    """How many threads take part.

    Raises:
        InputError: ``E_THREADS``, for a number outside 1 to 1024.
    """
    if asked is not None and not 1 <= asked <= 1024:
        raise InputError(
            "E_THREADS", "threads must be 1 to 1024, got {count}.", cure="Use 1 to 1024.", values=dict(count=asked)
        )
    return asked or native.threads()
