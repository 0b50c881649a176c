"""Linear layers that only run: their weights laid out once as the processor's kernels want them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso.nn.inference_only import Sealable

FUSED = {F.gelu: ("gelu", "none"), F.relu: ("relu", ""), F.silu: ("swish", ""), torch.tanh: ("tanh", "")}
"""Activations that oneDNN computes on a product's way out, as it names them."""


class PackedLinear(Sealable):
    """x [T, in] -> [T, out] by oneDNN, from a weight in its own order, in float32 or bfloat16.

    The rows come in any dtype and leave in the weight's. Each row's sum is the same in any company, and no setting of
    the process is touched.

    Args:
        linear: what it takes the place of.
        dtype: in which to multiply.
        act: an activation of `FUSED` to compute along with it.
        out: dtype of the rows that leave; None for ``dtype``.
    """

    sealed = True

    def __init__(
        self, linear: nn.Linear, dtype: torch.dtype, act: Any = None, *, out: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach().to(dtype).contiguous()
        # Neither parameter nor buffer: what is in a library's own order can be neither saved nor moved.
        self.packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
        bias = bias_of(linear)
        self.bias = None if bias is None else nn.Parameter(bias.to(dtype), requires_grad=False)
        self.act, self.algorithm = FUSED.get(act, ("none", ""))
        self.dtype, self.out = dtype, out or dtype

    def laid_out(self) -> Iterable[Tensor]:
        """The weight, in the order that it had."""
        return (self.packed.to_dense(),)

    def forward(self, x: Tensor) -> Tensor:
        """x [T, in] -> [T, out]."""
        rows = x.to(self.dtype)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self.packed, self.bias, self.act, [], self.algorithm)
        return out.to(self.out)


class QuantisedLinear(Sealable):
    """x [T, in] -> [T, out] in eight bits: a scale per output of the weight, and one per call for the rows.

    Args:
        linear: what it takes the place of.
        act: an activation to compute after it.
    """

    sealed = True

    def __init__(self, linear: nn.Linear, act: Any = None) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = _quantised(linear)
        self.act = act

    def laid_out(self) -> Iterable[Tensor]:
        """The weight in eight bits, its scales, and the bias."""
        weight, bias = torch.ops.quantized.linear_unpack(self.packed)
        return (weight.int_repr(), weight.q_per_channel_scales(), *(() if bias is None else (bias,)))

    def forward(self, x: Tensor) -> Tensor:
        """x [T, in] -> [T, out]."""
        out: Tensor = torch.ops.quantized.linear_dynamic(x.float(), self.packed)
        return out if self.act is None else self.act(out)


def bias_of(linear: nn.Linear) -> Tensor | None:
    """The bias, if there is one: torch declares that there always is."""
    bias: Tensor | None = getattr(linear, "bias", None)
    return None if bias is None else bias.detach()


def _quantised(linear: nn.Linear) -> Any:
    weight = linear.weight.detach().float()
    scales = weight.abs().amax(1).clamp(min=1e-12) / 127
    engine = torch.backends.quantized.engine
    with warnings.catch_warnings():
        # That these functions will go one day helps nobody who runs them today; `available` tells when they have.
        warnings.simplefilter("ignore")
        torch.backends.quantized.engine = "onednn"
        try:
            zeros = torch.zeros(len(scales), dtype=torch.int64)
            whole = torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)
            bias = bias_of(linear)
            return torch.ops.quantized.linear_prepack(whole, None if bias is None else bias.float())
        finally:
            torch.backends.quantized.engine = engine


@cache
def available(mode: str) -> bool:
    """Whether this build of PyTorch and this processor have the kernels of a mode."""
    if not torch.backends.mkldnn.is_available():
        return False
    probe = nn.Linear(16, 16)
    x = torch.linspace(-1, 1, 32).view(2, 16)
    try:
        if mode == "int8":
            made = QuantisedLinear(probe)(x)
        else:
            # On a processor that lacks it, bfloat16 runs too, at a fraction of the speed of float32.
            if mode == "bf16" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
                return False
            made = PackedLinear(probe, torch.bfloat16 if mode == "bf16" else torch.float32)(x)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    tolerance = {"exact": 1e-6, "bf16": 0.05, "int8": 0.1}[mode]
    return torch.allclose(made.float(), probe(x).detach(), atol=tolerance)
