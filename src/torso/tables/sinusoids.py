"""Sinusoidal position embeddings (https://arxiv.org/abs/1706.03762)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from torso.tables.powers import Floats


def wavelengths(width: int) -> NDArray[np.float64]:
    """Compute the positions in which each pair of units turns by one radian, [ceil(width / 2)]."""
    return 10000.0 ** (2 * np.arange((width + 1) // 2, dtype=np.float64) / width)


def sinusoids(positions: NDArray[np.int64], width: int) -> Floats:
    """Compute the embeddings of positions [T], sines in the first half and cosines in the second: [T, width]."""
    angles = positions[:, None] / wavelengths(width)
    return np.concatenate([np.sin(angles), np.cos(angles[:, : width // 2])], axis=-1).astype(np.float32)


def shifted_sinusoids(positions: NDArray[np.int64], width: int, offset: int) -> Floats:
    """Compute the embeddings of positions [T], whose wavelengths go from 1 to 10000 with both ends: [T, width].

    In float32 as the models that have them were trained: a late position turns by many radians.

    Args:
        positions: [T].
        width: even.
        offset: reserved positions before position 0.
    """
    half = width // 2
    exponents = np.arange(half, dtype=np.float32) * np.float32(-(np.log(10000) / (half - 1)))
    rates = np.exp(exponents.astype(np.float64)).astype(np.float32)  # rounded once, as no float32 exp promises
    angles = (positions + offset).astype(np.float32)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


def alternating_sinusoids(count: int, width: int) -> Floats:
    """Compute the embeddings of positions 0 to ``count`` - 1, sines and cosines alternating: [count, width].

    Args:
        count: of positions.
        width: even.
    """
    angles = np.arange(count, dtype=np.float64)[:, None] / wavelengths(width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(count, width).astype(np.float32)
