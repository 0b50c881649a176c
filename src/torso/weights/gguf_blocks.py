"""Dequantisation of GGUF blocks, bit-identical to the gguf package.

Source: ``ggml-quants.c`` of llama.cpp, and ``quants.py`` of its gguf package, whose order of operations is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

BLOCKS: Mapping[str, tuple[int, int]] = {
    "F32": (1, 4),
    "F16": (1, 2),
    "BF16": (1, 2),
    "Q8_0": (32, 34),
    "Q4_0": (32, 18),
    "Q4_1": (32, 20),
    "Q4_K": (256, 144),
    "Q6_K": (256, 210),
}
"""Numbers of a block, and its bytes, by the name of its type."""


def values_of(kind: str, blocks: Tensor) -> Tensor:
    """Return the dequantised numbers of blocks.

    Args:
        kind: one of `BLOCKS`.
        blocks: their bytes, uint8 [n, bytes of a block].

    Returns:
        float32 [n, numbers of a block].
    """
    return _READERS[kind](blocks)


def _plain(name: str) -> Callable[[Tensor], Tensor]:
    def read(blocks: Tensor) -> Tensor:
        import torch

        return blocks.view(getattr(torch, name)).float()

    return read


def _half(data: Tensor) -> Tensor:
    import torch

    return data.contiguous().view(torch.float16).float()


def _signed(data: Tensor) -> Tensor:
    import torch

    return data.contiguous().view(torch.int8).float()


def _nibbles(data: Tensor) -> Tensor:
    """Return the low nibbles of bytes, then the high ones: [..., k] -> [..., 2, k]."""
    import torch

    return torch.stack([data & 15, data >> 4], dim=-2)


def _q8_0(blocks: Tensor) -> Tensor:
    return _half(blocks[:, :2]) * _signed(blocks[:, 2:])


def _q4_0(blocks: Tensor) -> Tensor:
    return _half(blocks[:, :2]) * (_nibbles(blocks[:, 2:]).flatten(1).float() - 8)


def _q4_1(blocks: Tensor) -> Tensor:
    return _half(blocks[:, :2]) * _nibbles(blocks[:, 4:]).flatten(1).float() + _half(blocks[:, 2:4])


def _q4_k(blocks: Tensor) -> Tensor:
    import torch

    low, least, both = blocks[:, 4:16].reshape(-1, 3, 4).unbind(1)
    scales = torch.cat([low & 63, (both & 15) | ((low >> 2) & 48)], dim=1).float()
    minima = torch.cat([least & 63, (both >> 4) | ((least >> 2) & 48)], dim=1).float()
    quants = _nibbles(blocks[:, 16:].reshape(-1, 4, 32)).reshape(-1, 8, 32).float()
    scale, minimum = _half(blocks[:, :2]) * scales, _half(blocks[:, 2:4]) * minima
    return (scale[:, :, None] * quants - minimum[:, :, None]).flatten(1)


def _q6_k(blocks: Tensor) -> Tensor:
    import torch

    low = _nibbles(blocks[:, :128].reshape(-1, 2, 64)).reshape(-1, 8, 32)
    high = blocks[:, 128:192].reshape(-1, 2, 32)
    high = torch.stack([(high >> shift) & 3 for shift in (0, 2, 4, 6)], dim=2).reshape(-1, 8, 32)
    quants = (low | (high << 4)).float() - 32
    scales = _half(blocks[:, 208:]) * _signed(blocks[:, 192:208])
    return (scales[:, :, None] * quants.reshape(-1, 16, 16)).flatten(1)


_READERS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "F32": _plain("float32"),
    "F16": _plain("float16"),
    "BF16": _plain("bfloat16"),
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q6_K": _q6_k,
}
