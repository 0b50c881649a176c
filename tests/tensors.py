"""Tensors of what was read."""

from __future__ import annotations

import torch

from torso.weights.number_bits import NumberBits
from torso.weights.tensor_entry import torch_dtype


def tensor_of(numbers: NumberBits) -> torch.Tensor:
    """Return a CPU tensor that shares the memory of numbers."""
    tensor = torch.from_numpy(numbers.data)
    return tensor.view(torch_dtype(numbers.dtype)) if numbers.dtype == "BF16" else tensor
