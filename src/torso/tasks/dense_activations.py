"""Activations that a layer after pooling, or a cross-encoder, may name: classes of torch.nn made without arguments.

Over NumPy arrays of float64; names, arguments and limits are PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from torso.tasks.arrays import Wide, logistic

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LINEAR_ABOVE = 20.0
"""Where PyTorch's softplus is its argument."""
_SHRINK = 0.01
"""Slope of a leaky ReLU below 0."""
_erf = cast("Callable[[Wide], Wide]", np.vectorize(math.erf, otypes=[np.float64]))


def _softplus(x: Wide) -> Wide:
    return np.where(x > _LINEAR_ABOVE, x, np.logaddexp(0.0, x))


def _elu(x: Wide) -> Wide:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))


ACTIVATIONS: Mapping[str, Callable[[Wide], Wide]] = {
    "Identity": lambda x: x,
    "Tanh": lambda x: np.tanh(x),
    "GELU": lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0))),
    "ReLU": lambda x: np.maximum(x, 0.0),
    "Sigmoid": logistic,
    "SiLU": lambda x: x * logistic(x),
    "LeakyReLU": lambda x: np.where(x > 0, x, _SHRINK * x),
    "ELU": _elu,
    "SELU": lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0.0))),
    "CELU": _elu,
    "Mish": lambda x: x * np.tanh(_softplus(x)),
    "ReLU6": lambda x: np.clip(x, 0.0, 6.0),
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1.0 + np.abs(x)),
    "LogSigmoid": lambda x: -np.logaddexp(0.0, -x),
    "Hardtanh": lambda x: np.clip(x, -1.0, 1.0),
    "Hardsigmoid": lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "Hardswish": lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "Tanhshrink": lambda x: x - np.tanh(x),
}
