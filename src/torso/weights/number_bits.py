"""Stored numbers as NumPy arrays: those that NumPy lacks (bfloat16) as their bits, with the name of their dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NUMPY = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "F8_E5M2": "u1",
    "F8_E4M3": "u1",
    "F8_E8M0": "u1",
    "I16": "<i2",
    "U16": "<u2",
    "F16": "<f2",
    "BF16": "<u2",
    "I32": "<i4",
    "U32": "<u4",
    "F32": "<f4",
    "C64": "<c8",
    "F64": "<f8",
    "I64": "<i8",
    "U64": "<u8",
}
_BFLOAT16_NAN, _BFLOAT16_EXPONENT = 0x7FC0, 0x7F80


@dataclass(frozen=True, slots=True, eq=False)
class NumberBits:
    """An array of numbers.

    Attributes:
        data: the numbers, of any strides; for ``BF16`` uint16 that hold the bits.
        dtype: name of the dtype as in safetensors, such as ``F32``.
    """

    data: NDArray[Any]
    dtype: str

    @classmethod
    def empty(cls, shape: tuple[int, ...], dtype: str) -> NumberBits:
        """Allocate numbers that are not set."""
        import numpy as np

        return cls(np.empty(shape, _NUMPY[dtype]), dtype)


def memory(array: NDArray[Any]) -> memoryview:
    """Return the bytes of an array, without a copy where it is contiguous: then what is written to them is in it."""
    import numpy as np

    return array.reshape(-1).view(np.uint8).data


def widened(numbers: NDArray[Any], dtype: str) -> NDArray[np.floating]:
    """Return floating-point numbers as float32, float64 as they are; no value changes. A view where it can be."""
    import numpy as np

    if dtype == "BF16":
        return (numbers.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return numbers if dtype in ("F32", "F64") else numbers.astype(np.float32)


def narrowed(numbers: NDArray[np.floating], dtype: str) -> NDArray[Any]:
    """Return float32 or float64 numbers rounded to the nearest of a dtype; what is too large becomes infinite."""
    import numpy as np

    with np.errstate(all="ignore"):
        if dtype != "BF16":
            return numbers.astype(_NUMPY[dtype], copy=False)
        single = numbers.astype(np.float32, copy=False)
        bits = single.view(np.uint32)
        even = (bits >> np.uint32(16)) & np.uint32(1)
        rounded = ((bits + np.uint32(0x7FFF) + even) >> np.uint32(16)).astype(np.uint16)
        return np.where(np.isnan(single), np.uint16(_BFLOAT16_NAN), rounded)


def are_finite(numbers: NDArray[Any], dtype: str) -> NDArray[np.bool_]:
    """Return which floating-point numbers are neither NaN nor infinite."""
    import numpy as np

    if dtype == "BF16":
        return (numbers & np.uint16(_BFLOAT16_EXPONENT)) != _BFLOAT16_EXPONENT
    return np.isfinite(numbers)


def are_equal(one: NumberBits, other: NumberBits) -> bool:
    """Return whether numbers of one dtype are equal; no NaN is."""
    import numpy as np

    if one.dtype != "BF16":
        return bool(np.array_equal(one.data, other.data))
    return bool(np.array_equal(widened(one.data, "BF16"), widened(other.data, "BF16")))
