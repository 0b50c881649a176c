"""Equality of tensors to the bit."""

from __future__ import annotations

import torch


def assert_same_bits(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Same type, shape and bits, NaN included."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    flat = [tensor.detach().contiguous().view(-1).view(torch.uint8) for tensor in (found, expected)]
    assert torch.equal(*flat)
