"""Slopes of ALiBi (https://arxiv.org/abs/2108.12409): what a score loses per position, for each head."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from torso.tables.powers import Floats, powers


@lru_cache(maxsize=64)
def alibi_slopes(heads: int) -> Floats:
    """Compute the slope of each head, [H], as the reference's ``build_alibi_tensor`` does.

    They are the powers of 2^(-8 / n) for the n heads up to a power of two; the others lie between the first of these.
    """
    whole = 2 ** math.floor(math.log2(heads))
    steepest, between = 2.0 ** (-8 / whole), 2.0 ** (-4 / whole)
    own = powers(steepest, np.arange(1, whole + 1, dtype=np.float32))
    others = powers(between, np.arange(1, 2 * (heads - whole), 2, dtype=np.float32))
    made = np.concatenate([own, others])
    made.flags.writeable = False
    return made
