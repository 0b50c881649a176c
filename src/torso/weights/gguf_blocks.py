"""Dequantisation of GGUF blocks, bit-identical to the gguf package.

Source: ``ggml-quants.c`` of llama.cpp, and ``quants.py`` of its gguf package, whose order of operations is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[Any]  # uint8
    Numbers = NDArray[Any]  # float32

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


def values_of(kind: str, blocks: Bytes) -> Numbers:
    """Return the dequantised numbers of blocks.

    Args:
        kind: one of `BLOCKS`.
        blocks: their bytes, [n, bytes of a block].

    Returns:
        [n, numbers of a block].
    """
    import numpy as np

    # A scale that is not finite makes numbers that are not, and these are refused by name where they are looked at.
    with np.errstate(invalid="ignore", over="ignore"):
        return _READERS[kind](blocks)


def _single(blocks: Bytes) -> Numbers:
    import numpy as np

    return blocks.view(np.float32)


def _brain(blocks: Bytes) -> Numbers:
    import numpy as np

    return (blocks.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)


def _half(data: Bytes) -> Numbers:
    import numpy as np

    return np.ascontiguousarray(data).view(np.float16).astype(np.float32)


def _signed(data: Bytes) -> Numbers:
    import numpy as np

    return np.ascontiguousarray(data).view(np.int8).astype(np.float32)


def _nibbles(data: Bytes) -> Bytes:
    """Return the low nibbles of bytes, then the high ones: [..., k] -> [..., 2, k]."""
    import numpy as np

    return np.stack([data & 15, data >> 4], axis=-2)


def _real(data: Bytes) -> Numbers:
    import numpy as np

    return data.astype(np.float32)


def _flat(blocks: Numbers) -> Numbers:
    return blocks.reshape(len(blocks), -1)


def _q8_0(blocks: Bytes) -> Numbers:
    return _half(blocks[:, :2]) * _signed(blocks[:, 2:])


def _q4_0(blocks: Bytes) -> Numbers:
    return _half(blocks[:, :2]) * (_flat(_real(_nibbles(blocks[:, 2:]))) - 8)


def _q4_1(blocks: Bytes) -> Numbers:
    return _half(blocks[:, :2]) * _flat(_real(_nibbles(blocks[:, 4:]))) + _half(blocks[:, 2:4])


def _q4_k(blocks: Bytes) -> Numbers:
    import numpy as np

    packed = blocks[:, 4:16].reshape(-1, 3, 4)
    low, least, both = packed[:, 0], packed[:, 1], packed[:, 2]
    scales = _real(np.concatenate([low & 63, (both & 15) | ((low >> 2) & 48)], axis=1))
    minima = _real(np.concatenate([least & 63, (both >> 4) | ((least >> 2) & 48)], axis=1))
    quants = _real(_nibbles(blocks[:, 16:].reshape(-1, 4, 32)).reshape(-1, 8, 32))
    scale, minimum = _half(blocks[:, :2]) * scales, _half(blocks[:, 2:4]) * minima
    return _flat(scale[:, :, None] * quants - minimum[:, :, None])


def _q6_k(blocks: Bytes) -> Numbers:
    import numpy as np

    low = _nibbles(blocks[:, :128].reshape(-1, 2, 64)).reshape(-1, 8, 32)
    packed = blocks[:, 128:192].reshape(-1, 2, 32)
    high = np.stack([(packed >> shift) & 3 for shift in (0, 2, 4, 6)], axis=2).reshape(-1, 8, 32)
    quants = _real(low | (high << 4)) - 32
    scales = _half(blocks[:, 208:]) * _signed(blocks[:, 192:208])
    return _flat(scales[:, :, None] * quants.reshape(-1, 16, 16))


_READERS: Mapping[str, Callable[[Bytes], Numbers]] = {
    "F32": _single,
    "F16": _half,
    "BF16": _brain,
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q4_K": _q4_k,
    "Q6_K": _q6_k,
}
