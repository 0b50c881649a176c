"""Rotary angles: their rates with every RoPE scaling for contexts longer than the trained one, cosines and sines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso.tables.powers import Floats, powers

Parameters = Mapping[str, Any]

_ONE = np.float32(1)  # type checkers take the quotient of a Python number for float64


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Inverse frequencies of a rotary embedding.

    Attributes:
        rates: [size / 2] inverse frequencies, in radians per position.
        factor: attention factor on cosines and sines.
        of_length: maps a sequence length to its rates, where they depend on it; else None.
    """

    rates: Floats
    factor: float = 1.0
    of_length: Callable[[int], Floats] | None = None


def scaling_of(size: int, parameters: Parameters) -> Scaling:
    """Compute the inverse frequencies of a config's RoPE parameters, as ``transformers.modeling_rope_utils`` does.

    Args:
        size: rotated units of each head.
        parameters: validated by `torso.config.rope`.
    """
    return _TYPES[parameters["rope_type"]](size, parameters)


def cosines_and_sines(scaling: Scaling, positions: NDArray[np.int64], sizes: Sequence[int]) -> tuple[Floats, Floats]:
    """Compute cosines and sines [T, size / 2] of the angles of packed rows, times the attention factor.

    Angles are products in float32, as in the reference; their cosines are the nearest float32 numbers. Those of PyTorch
    differ by up to two units in the last place, with the processor and with the neighbours of a row.

    Args:
        scaling: inverse frequencies.
        positions: [T] position of each row in its sequence.
        sizes: rows of each sequence. Where rates depend on the length, a sequence reaches to its last position.
    """
    if scaling.of_length is None:
        return _tables(scaling.rates, scaling.factor, positions)
    cut = np.split(positions, np.cumsum(sizes)[:-1])
    each = [_tables(scaling.of_length(int(own[-1]) + 1), scaling.factor, own) for own in cut if len(own)]
    if not each:
        return _tables(scaling.rates, scaling.factor, positions)
    cosines, sines = zip(*each, strict=True)
    return np.concatenate(cosines), np.concatenate(sines)


def _tables(rates: Floats, factor: float, positions: NDArray[np.int64]) -> tuple[Floats, Floats]:
    length = int(positions.max(initial=-1)) + 1
    # Most texts of a batch have the same positions.
    shared = length <= len(positions)
    rows = np.arange(length) if shared else positions
    angles = (rows.astype(np.float32)[:, None] * rates).astype(np.float64)
    cosines, sines = (each.astype(np.float32) * np.float32(factor) for each in (np.cos(angles), np.sin(angles)))
    return (cosines[positions], sines[positions]) if shared else (cosines, sines)


@lru_cache(maxsize=64)
def _powers(size: int, theta: float) -> Floats:
    made = powers(theta, np.arange(0, size, 2, dtype=np.float32) / np.float32(size))
    made.flags.writeable = False
    return made


def _default(size: int, given: Parameters) -> Scaling:
    return Scaling(_ONE / _powers(size, given["rope_theta"]))


def _linear(size: int, given: Parameters) -> Scaling:
    return Scaling(_ONE / _powers(size, given["rope_theta"]) / np.float32(given["factor"]))


def _dynamic(size: int, given: Parameters) -> Scaling:
    """Compute dynamic NTK scaling: the base grows with the length beyond the trained one."""
    theta, trained, factor = given["rope_theta"], given["max_position_embeddings"], given["factor"]

    def of_length(length: int) -> Floats:
        # In float32 step by step, as the reference's tensors of one number are.
        longest = np.float32(max(length, trained))
        stretch = np.float32(factor) * longest / np.float32(trained) - np.float32(factor - 1)
        grown = _nearest_power(stretch, size / (size - 2))
        return _ONE / _powers(size, float(np.float32(theta) * grown))

    return Scaling(of_length(trained), of_length=of_length)


def _nearest_power(base: np.float32, exponent: float) -> np.float32:
    """Compute a power of one number, which PyTorch leaves to the C library; a square is a product."""
    return base * base if exponent == 2 else np.float32(float(base) ** exponent)


def _llama3(size: int, given: Parameters) -> Scaling:
    """Compute Llama 3.1's scaling: low frequencies are divided by the factor, high ones kept, the rest blended."""
    rates = _ONE / _powers(size, given["rope_theta"])
    low, high, factor = given["low_freq_factor"], given["high_freq_factor"], np.float32(given["factor"])
    # PyTorch divides a number by a tensor as its product with the reciprocal.
    lengths = _ONE / rates * np.float32(2 * math.pi)
    rotations = _ONE / lengths * np.float32(given["original_max_position_embeddings"])
    blend = (rotations - np.float32(low)) / np.float32(high - low)
    blended = (_ONE - blend) * rates / factor + blend * rates
    return Scaling(np.where(rotations < low, rates / factor, np.where(rotations > high, rates, blended)))


def _longrope(size: int, given: Parameters) -> Scaling:
    """Compute LongRoPE (arXiv 2402.13753): a factor per frequency, one set for short and one for long texts."""
    trained = given["original_max_position_embeddings"]
    stretch = given.get("factor") or given["max_position_embeddings"] / trained
    factor = given.get("attention_factor")
    if factor is None:
        factor = 1.0 if stretch <= 1 else math.sqrt(1 + math.log(stretch) / math.log(trained))
    each = _powers(size, given["rope_theta"])
    short, long = (_ONE / (np.array(given[f"{name}_factor"], dtype=np.float32) * each) for name in ("short", "long"))
    return Scaling(short, factor, lambda length: long if length > trained else short)


def _yarn(size: int, given: Parameters) -> Scaling:
    """Compute YaRN (arXiv 2309.00071): high frequencies are kept, low ones interpolated."""
    theta, trained = given["rope_theta"], given["original_max_position_embeddings"]
    stretch = given.get("factor") or given["max_position_embeddings"] / trained
    each = _powers(size, theta)

    def plane(rotations: float) -> float:
        return size * math.log(trained / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    first, last = plane(given.get("beta_fast") or 32), plane(given.get("beta_slow") or 1)
    if given.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, size - 1)
    width = last - first or 0.001
    ramp = (np.arange(size // 2, dtype=np.float32) - np.float32(first)) / np.float32(width)
    kept: Floats = 1 - np.minimum(np.maximum(ramp, np.float32(0)), np.float32(1))
    rates: NDArray[Any] = _ONE / (np.float32(stretch) * each) * (1 - kept) + _ONE / each * kept
    return Scaling(rates, _yarn_factor(given, stretch))


def _yarn_factor(given: Parameters, stretch: float) -> float:
    if given.get("attention_factor") is not None:
        return given["attention_factor"]

    def grown(scale: float) -> float:
        return 1.0 if stretch <= 1 else 0.1 * scale * math.log(stretch) + 1.0

    if given.get("mscale") and given.get("mscale_all_dim"):
        return grown(given["mscale"]) / grown(given["mscale_all_dim"])
    return grown(1.0)


_TYPES: Mapping[str, Callable[[int, Parameters], Scaling]] = {
    "default": _default,
    "linear": _linear,
    "dynamic": _dynamic,
    "llama3": _llama3,
    "longrope": _longrope,
    "yarn": _yarn,
}
