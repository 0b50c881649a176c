"""Powers in float32, with PyTorch's own roundings.

The reference computes rotary rates and ALiBi slopes as PyTorch's ``base ** exponents``, and models were trained with
the result. PyTorch computes them by Sleef's ``powf`` (https://sleef.org, error up to 1 unit in the last place), whose
result differs from the nearest float32 for one rate in 75. One unit there is an angle of 0.006 rad at position 100,000.
So Sleef's steps are repeated here, rounding by rounding: numbers are pairs of float32, the second what the first lacks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Stubs of NumPy call products with a Python number float64, which NumPy does not.
_Array = NDArray[Any]
_Pair = tuple[_Array, _Array]

VECTORISED: Final = 32
"""PyTorch computes as many values at once, two vectors of AVX-512; what is left over is computed one by one, by the C
library. With shorter vectors (AVX2, NEON) less is left over: rates of heads of 64, 128 or 256 units have the same bits
everywhere, some of those of 32 or 96 units do not."""


def powers(base: float, exponents: Floats) -> Floats:
    """Compute ``base ** exponents``, [n] -> [n], equal to PyTorch's to the bit.

    Args:
        base: a positive normal number, rounded to float32.
        exponents: [n], such that the results are normal numbers.
    """
    whole = len(exponents) // VECTORISED * VECTORISED
    # Of two numbers, not arrays, NumPy too has the C library compute the power.
    left = [np.float32(base) ** exponent for exponent in exponents[whole:]]
    return np.concatenate([_power(np.float32(base), exponents[:whole]), np.array(left, dtype=np.float32)])


def _power(base: np.float32, exponents: _Array) -> _Array:
    """Compute by ``xpowf`` of Sleef."""
    return _exponential(_times(_logarithm(np.full_like(exponents, base)), exponents))


def _logarithm(x: _Array) -> _Pair:
    """Compute by ``logkf``: x = mantissa 2^exponent, and the logarithm of the mantissa from 0.75 to 1.5 by a series."""
    # Truly the exponent of the product rounded to float32, as Sleef has it.
    exponent = np.frexp(x * np.float32(1 / 0.75))[1] - 1
    mantissa, one = np.ldexp(x, -exponent), np.ones_like(x)
    ratio = _quotient(_sum_of_two(-one, mantissa), _sum_of_two(one, mantissa))
    square = _squared(ratio)
    series = np.full_like(x, 0.240320354700088500976562)
    for coefficient in (0.285112679004669189453125, 0.400007992982864379882812):
        series = _fused(series, square[0], np.float32(coefficient))
    constant = np.float32(0.66666662693023681640625) + 0 * x, np.float32(3.69183861259614332084311e-09) + 0 * x
    logarithm_of_two = np.float32(0.69314718246459960938) + 0 * x, np.float32(-1.904654323148236017e-09) + 0 * x
    total = _times(logarithm_of_two, exponent.astype(np.float32))
    total = _ordered_sum(total, (ratio[0] * 2, ratio[1] * 2))
    return _ordered_sum(total, _product(_product(square, ratio), _sum(_times(square, series), constant)))


def _exponential(x: _Pair) -> _Array:
    """Compute by ``expkf``: x = remainder + n ln 2, and the exponential of the remainder by a series."""
    twos = np.rint((x[0] + x[1]) * np.float32(1.442695040888963407))
    rest = x
    for part in (-0.693145751953125, -1.428606765330187045e-06):
        high, low = _sum_of_two(rest[0], twos * np.float32(part))
        rest = high, low + rest[1]
    high = rest[0] + rest[1]
    rest = high, (rest[0] - high) + rest[1]
    series = np.full_like(high, 0.00136324646882712841033936)
    for coefficient in (
        0.00836596917361021041870117,
        0.0416710823774337768554688,
        0.166665524244308471679688,
        0.499999850988388061523438,
    ):
        series = _fused(series, rest[0], np.float32(coefficient))
    grown = _ordered_sum(rest, _times(_squared(rest), series))
    one = np.ones_like(high)
    high, low = _ordered_sum((one, 0 * one), grown)
    return np.ldexp(high + low, twos.astype(np.int32))


def _fused(a: _Array, b: _Array, c: _Array | np.float32) -> _Array:
    """Compute a * b + c with one rounding, but for ties that float64 rounds twice: one in 2^29."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def _sum_of_two(a: _Array, b: _Array) -> _Pair:
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _sum(a: _Pair, b: _Pair) -> _Pair:
    high, low = _sum_of_two(a[0], b[0])
    return high, low + (a[1] + b[1])


def _ordered_sum(a: _Pair, b: _Pair) -> _Pair:
    """Add the smaller ``b``, or the second of ``b`` to a first that is 1."""
    high = a[0] + b[0]
    return high, (((a[0] - high) + b[0]) + a[1]) + b[1]


def _times(a: _Pair, b: _Array) -> _Pair:
    high = a[0] * b
    return high, _fused(a[1], b, _fused(a[0], b, -high))


def _product(a: _Pair, b: _Pair) -> _Pair:
    high = a[0] * b[0]
    return high, _fused(a[0], b[1], _fused(a[1], b[0], _fused(a[0], b[0], -high)))


def _squared(a: _Pair) -> _Pair:
    high = a[0] * a[0]
    return high, _fused(a[0] + a[0], a[1], _fused(a[0], a[0], -high))


def _quotient(a: _Pair, b: _Pair) -> _Pair:
    inverse = 1 / b[0]
    high = a[0] * inverse
    left = _fused(-b[1], inverse, _fused(-b[0], inverse, np.float32(1)))
    return high, _fused(high, left, _fused(a[1], inverse, _fused(inverse, a[0], -high)))
