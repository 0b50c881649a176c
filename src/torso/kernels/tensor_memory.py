"""Memory of tensors, as the kernels read and write it."""

from __future__ import annotations

import torch
from torch import Tensor


def address(tensor: Tensor | None) -> int | None:
    """Return the address of a contiguous tensor's data; None for None."""
    return None if tensor is None else tensor.data_ptr()


def empty(*shape: int) -> Tensor:
    """Allocate an uninitialised output: float32 on the CPU, whatever torch's defaults are."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def contiguous(tensor: Tensor) -> Tensor:
    """Return a parameter as contiguous float32, as the kernels read it."""
    return tensor.detach().float().contiguous()
