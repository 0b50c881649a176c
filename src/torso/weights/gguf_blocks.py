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
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q2_K": (256, 84),
    "Q3_K": (256, 110),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
    "IQ4_NL": (32, 18),
    "MXFP4": (32, 17),
}
"""Numbers of a block, and its bytes, by the name of its type."""


GROUPED = ("Q8_0", "Q4_0", "Q4_1", "Q4_K")
"""Types whose numbers are in groups of 32 with a scale, and a minimum or none; see `groups_of`."""

CODES: Mapping[str, int] = {
    "F32": 0,
    "F16": 1,
    "Q4_0": 2,
    "Q4_1": 3,
    "Q5_0": 6,
    "Q5_1": 7,
    "Q8_0": 8,
    "Q2_K": 10,
    "Q3_K": 11,
    "Q4_K": 12,
    "Q5_K": 13,
    "Q6_K": 14,
    "IQ4_NL": 20,
    "BF16": 30,
    "MXFP4": 39,
}
"""The number by which a file names each type of block."""
_LEVELS_OF_IQ4 = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
_LEVELS_OF_FP4 = (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)  # E2M1, doubled


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


def groups_of(kind: str, blocks: Bytes) -> tuple[Bytes, Numbers, Numbers | None] | None:
    """Return blocks as groups of 32 numbers with a scale and a minimum: ``minimum + scale * number``.

    Args:
        kind: a type of `BLOCKS`.
        blocks: [n, bytes of a block].

    Returns:
        Numbers [groups, 32]: uint8 from 0 to 15, or int8 of Q8_0; scales [groups]; minima [groups], None for none. None
        where a type is not of this form.
    """
    if kind == "Q8_0":
        import numpy as np

        return blocks[:, 2:].view(np.int8), _half(blocks[:, :2])[:, 0], None
    if kind in ("Q4_0", "Q4_1"):
        head = 2 if kind == "Q4_0" else 4
        scales = _half(blocks[:, :2])[:, 0]
        return _nibbles(blocks[:, head:]), scales, scales * -8 if head == 2 else _half(blocks[:, 2:4])[:, 0]
    if kind != "Q4_K":
        return None
    steps, least = _six_bits(blocks[:, 4:16])
    scale, minimum = _half(blocks[:, :2]) * steps, _half(blocks[:, 2:4]) * least
    return _nibbles(blocks[:, 16:].reshape(-1, 4, 32)).reshape(-1, 32), scale.reshape(-1), -minimum.reshape(-1)


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


def _fifth_bits(data: Bytes) -> Bytes:
    """Return the bits of four bytes, lowest first, as the fifth bits of 32 numbers: [n, 4] -> [n, 32]."""
    import numpy as np

    return np.unpackbits(data, axis=-1, bitorder="little") << np.uint8(4)


def _q5_0(blocks: Bytes) -> Numbers:
    quants = _flat(_nibbles(blocks[:, 6:])) | _fifth_bits(blocks[:, 2:6])
    return _half(blocks[:, :2]) * (_real(quants) - 16)


def _q5_1(blocks: Bytes) -> Numbers:
    quants = _flat(_nibbles(blocks[:, 8:])) | _fifth_bits(blocks[:, 4:8])
    return _half(blocks[:, :2]) * _real(quants) + _half(blocks[:, 2:4])


def _planes(data: Bytes, bits: int) -> Bytes:
    """Return numbers of 2 or 1 bits, the lowest bits of all bytes first: [..., k] -> [..., 8 / bits, k]."""
    import numpy as np

    return np.stack([(data >> shift) & ((1 << bits) - 1) for shift in range(0, 8, bits)], axis=-2)


def _q2_k(blocks: Bytes) -> Numbers:
    scales = _half(blocks[:, 80:82]) * _real(blocks[:, :16] & 15)
    minima = _half(blocks[:, 82:84]) * _real(blocks[:, :16] >> 4)
    quants = _real(_planes(blocks[:, 16:80].reshape(-1, 2, 32), 2)).reshape(-1, 16, 16)
    return _flat(scales[:, :, None] * quants - minima[:, :, None])


def _q3_k(blocks: Bytes) -> Numbers:
    import numpy as np

    low = _nibbles(blocks[:, 96:104]).reshape(-1, 16)
    high = _planes(blocks[:, 104:108], 2).reshape(-1, 16)
    scales = _half(blocks[:, 108:110]) * (_real(low | (high << np.uint8(4))) - 32)
    quants = _planes(blocks[:, 32:96].reshape(-1, 2, 32), 2).reshape(-1, 16, 16)
    third = _planes(blocks[:, None, :32], 1).reshape(-1, 16, 16)  # set where nothing is taken off
    return _flat(scales[:, :, None] * (_real(quants) - _real((third ^ 1) << np.uint8(2))))


def _six_bits(packed: Bytes) -> tuple[Numbers, Numbers]:
    """Return the scales and minima of eight groups from twelve bytes: [n, 12] -> [n, 8], [n, 8]."""
    import numpy as np

    low, least, both = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = np.concatenate([low & 63, (both & 15) | ((low >> 2) & 48)], axis=1)
    minima = np.concatenate([least & 63, (both >> 4) | ((least >> 2) & 48)], axis=1)
    return _real(scales), _real(minima)


def _scaled(blocks: Bytes, quants: Bytes) -> Numbers:
    """Return the numbers of eight groups of 32, from the head that Q4_K and Q5_K share."""
    scales, minima = _six_bits(blocks[:, 4:16])
    scale, minimum = _half(blocks[:, :2]) * scales, _half(blocks[:, 2:4]) * minima
    return _flat(scale[:, :, None] * _real(quants) - minimum[:, :, None])


def _q4_k(blocks: Bytes) -> Numbers:
    return _scaled(blocks, _nibbles(blocks[:, 16:].reshape(-1, 4, 32)).reshape(-1, 8, 32))


def _q5_k(blocks: Bytes) -> Numbers:
    import numpy as np

    low = _nibbles(blocks[:, 48:].reshape(-1, 4, 32)).reshape(-1, 8, 32)
    return _scaled(blocks, low | (_planes(blocks[:, 16:48], 1) << np.uint8(4)))


def _q6_k(blocks: Bytes) -> Numbers:
    import numpy as np

    low = _nibbles(blocks[:, :128].reshape(-1, 2, 64)).reshape(-1, 8, 32)
    high = _planes(blocks[:, 128:192].reshape(-1, 2, 32), 2).reshape(-1, 8, 32)
    quants = _real(low | (high << np.uint8(4))) - 32
    scales = _half(blocks[:, 208:]) * _signed(blocks[:, 192:208])
    return _flat(scales[:, :, None] * quants.reshape(-1, 16, 16))


def _levels(data: Bytes, levels: tuple[int, ...]) -> Numbers:
    import numpy as np

    return np.array(levels, np.float32)[_flat(_nibbles(data))]


def _iq4_nl(blocks: Bytes) -> Numbers:
    return _half(blocks[:, :2]) * _levels(blocks[:, 2:], _LEVELS_OF_IQ4)


def _mxfp4(blocks: Bytes) -> Numbers:
    import numpy as np

    # A power of two, halved since the levels are doubled; the two smallest are subnormal.
    power = blocks[:, :1].astype(np.uint32)
    bits = np.where(power < 2, np.uint32(0x00200000) << power, (power - np.uint32(1)) << np.uint32(23))
    return bits.astype(np.uint32).view(np.float32) * _levels(blocks[:, 1:], _LEVELS_OF_FP4)


_READERS: Mapping[str, Callable[[Bytes], Numbers]] = {
    "F32": _single,
    "F16": _half,
    "BF16": _brain,
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q2_K": _q2_k,
    "Q3_K": _q3_k,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
    "IQ4_NL": _iq4_nl,
    "MXFP4": _mxfp4,
}
