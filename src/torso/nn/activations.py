"""Activations under the names that the Hub's configs use, as `transformers.activations` defines them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.errors import ConfigError

Activation = Callable[[Tensor], Tensor]


def gelu_tanh(x: Tensor) -> Tensor:
    """Compute GELU by its tanh approximation (arXiv 1606.08415), as GPT-2 and Google's BERT code do."""
    return F.gelu(x, approximate="tanh")


def clipped_gelu(x: Tensor) -> Tensor:
    """Compute GELU clipped to [-10, 10] (https://arxiv.org/abs/2004.09602)."""
    return F.gelu(x).clamp(-10, 10)


def quick_gelu(x: Tensor) -> Tensor:
    """Approximate GELU with a sigmoid: x * sigmoid(1.702 x)."""
    return x * torch.sigmoid(1.702 * x)


def squared_relu(x: Tensor) -> Tensor:
    """Compute squared ReLU (https://arxiv.org/abs/2109.08668)."""
    return F.relu(x).square()


def laplace(x: Tensor) -> Tensor:
    """Compute MEGA's Laplace activation (arXiv 2209.10655), mean 0.707107 and standard deviation 0.282095."""
    return 0.5 * (1.0 + torch.erf((x - 0.707107) / (0.282095 * math.sqrt(2.0))))


def linear(x: Tensor) -> Tensor:
    """Return x unchanged."""
    return x


def sqrt_softplus(x: Tensor) -> Tensor:
    """Compute the square root of softplus."""
    return F.softplus(x).sqrt()


TABLE: dict[str, Activation] = {
    "gelu": F.gelu,
    "gelu_10": clipped_gelu,
    "gelu_accurate": gelu_tanh,
    "gelu_fast": gelu_tanh,
    "gelu_new": gelu_tanh,
    "gelu_python": F.gelu,
    "gelu_python_tanh": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "hardswish": F.hardswish,
    "laplace": laplace,
    "leaky_relu": F.leaky_relu,
    "linear": linear,
    "mish": F.mish,
    "quick_gelu": quick_gelu,
    "relu": F.relu,
    "relu2": squared_relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "sqrtsoftplus": sqrt_softplus,
    "swish": F.silu,
    "tanh": torch.tanh,
}
"""The activations without parameters of their own. ``prelu`` and ``xielu`` carry weights and are refused by name."""


def activation(name: str) -> Activation:
    """Return the activation of a config's name.

    Raises:
        ConfigError: ``E_ACTIVATION``, for a name that is not in `TABLE`.
    """
    if name not in TABLE:
        raise ConfigError(
            "E_ACTIVATION",
            "There is no activation {name!r}.",
            cure="Use one of: {known}.",
            values=dict(name=name, known=", ".join(TABLE)),
        )
    return TABLE[name]
