"""PyTorch's tensors as `NumberBits` and as memory, without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torso.weights.number_bits import NumberBits
from torso.weights.tensor_entry import dtype_name

if TYPE_CHECKING:
    import torch


def bits_of(tensor: torch.Tensor) -> NumberBits:
    """Return the memory of a CPU tensor, of any strides, as numbers to read or to write.

    Raises:
        TypeError: for a dtype that no file holds, which has no name.
    """
    import torch

    name = dtype_name(tensor.dtype)
    if name is None:
        raise TypeError(f"no file holds {tensor.dtype}")
    own = tensor.detach()
    return NumberBits((own.view(torch.uint16) if name == "BF16" else own).numpy(), name)


def memory_of(tensor: torch.Tensor) -> memoryview:
    """Return a writable byte view of a contiguous CPU tensor, without a copy; the view keeps the tensor alive."""
    import ctypes

    count = tensor.numel() * tensor.element_size()
    if not count:
        return memoryview(b"")
    buffer: Any = (ctypes.c_char * count).from_address(tensor.data_ptr())
    buffer.owner = tensor
    return memoryview(buffer).cast("B")
