"""RoPE scaling: inverse frequencies of rotary embeddings for contexts longer than the trained one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Inverse frequencies of a rotary embedding.

    Attributes:
        rates: [size / 2] float32 inverse frequencies, in radians per position.
        factor: attention factor on cosines and sines.
        of_length: maps a sequence length to its rates, where they depend on it; else None.
    """

    rates: Tensor
    factor: float = 1.0
    of_length: Callable[[int], Tensor] | None = None


def scaling_of(size: int, parameters: Parameters) -> Scaling:
    """Compute the inverse frequencies of a config's RoPE parameters, as ``transformers.modeling_rope_utils`` does.

    Args:
        size: rotated units of each head.
        parameters: validated by `torso.config.rope`.
    """
    return _TYPES[parameters["rope_type"]](size, parameters)


def _powers(size: int, theta: float | Tensor) -> Tensor:
    return theta ** (torch.arange(0, size, 2, dtype=torch.float32) / size)


def _default(size: int, given: Parameters) -> Scaling:
    return Scaling(1.0 / _powers(size, given["rope_theta"]))


def _linear(size: int, given: Parameters) -> Scaling:
    return Scaling(1.0 / _powers(size, given["rope_theta"]) / given["factor"])


def _dynamic(size: int, given: Parameters) -> Scaling:
    """Compute dynamic NTK scaling: the base grows with the length beyond the trained one."""
    theta, trained, factor = given["rope_theta"], given["max_position_embeddings"], given["factor"]

    def of_length(length: int) -> Tensor:
        stretch = factor * torch.tensor(max(length, trained)) / trained - (factor - 1)
        return 1.0 / _powers(size, theta * stretch ** (size / (size - 2)))

    return Scaling(of_length(trained), of_length=of_length)


def _llama3(size: int, given: Parameters) -> Scaling:
    """Compute Llama 3.1's scaling: low frequencies are divided by the factor, high ones kept, the rest blended."""
    rates = 1.0 / _powers(size, given["rope_theta"])
    low, high, factor = given["low_freq_factor"], given["high_freq_factor"], given["factor"]
    turns = given["original_max_position_embeddings"] / (2 * math.pi / rates)
    blend = (turns - low) / (high - low)
    blended = (1 - blend) * rates / factor + blend * rates
    return Scaling(torch.where(turns < low, rates / factor, torch.where(turns > high, rates, blended)))


def _longrope(size: int, given: Parameters) -> Scaling:
    """Compute LongRoPE (arXiv 2402.13753): a factor per frequency, one set for short and one for long texts."""
    trained = given["original_max_position_embeddings"]
    stretch = given.get("factor") or given["max_position_embeddings"] / trained
    factor = given.get("attention_factor")
    if factor is None:
        factor = 1.0 if stretch <= 1 else math.sqrt(1 + math.log(stretch) / math.log(trained))
    powers = _powers(size, given["rope_theta"])
    short, long = (1.0 / (torch.tensor(given[f"{each}_factor"], dtype=torch.float32) * powers) for each in _LENGTHS)
    return Scaling(short, factor, lambda length: long if length > trained else short)


_LENGTHS = ("short", "long")


def _yarn(size: int, given: Parameters) -> Scaling:
    """Compute YaRN (arXiv 2309.00071): high frequencies are kept, low ones interpolated."""
    theta, trained = given["rope_theta"], given["original_max_position_embeddings"]
    stretch = given.get("factor") or given["max_position_embeddings"] / trained
    powers = _powers(size, theta)

    def plane(turns: float) -> float:
        return size * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(theta))

    first, last = plane(given.get("beta_fast") or 32), plane(given.get("beta_slow") or 1)
    if given.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, size - 1)
    width = last - first or 0.001
    kept = 1 - ((torch.arange(size // 2, dtype=torch.float32) - first) / width).clamp(0, 1)
    rates = 1.0 / (stretch * powers) * (1 - kept) + 1.0 / powers * kept
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
