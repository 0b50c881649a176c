"""Inference-only linear layers with weights packed for the processor's kernels."""

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
"""Activations that oneDNN fuses into a matmul, by its names."""


class PackedLinear(Sealable):
    """oneDNN linear layer x [T, in] -> [T, out] with a prepacked weight, in float32 or bfloat16.

    Inputs may have any dtype. A row's result does not depend on the rest of the batch, and no global setting is
    changed.

    Args:
        linear: the layer that it replaces.
        dtype: dtype of the matmul.
        act: an activation of `FUSED` to fuse.
        out: dtype of the output; None for ``dtype``.
    """

    sealed = True

    def __init__(
        self, linear: nn.Linear, dtype: torch.dtype, act: Any = None, *, out: torch.dtype | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        weight = linear.weight.detach().to(dtype).contiguous()
        # Neither parameter nor buffer: an opaque packed weight can be neither saved nor moved.
        self.packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
        bias = bias_of(linear)
        self.bias = None if bias is None else nn.Parameter(bias.to(dtype), requires_grad=False)
        self.act, self.algorithm = FUSED.get(act, ("none", ""))
        self.dtype, self.out = dtype, out or dtype

    def laid_out(self) -> Iterable[Tensor]:
        """Return the weight in its original order."""
        return (self.packed.to_dense(),)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, in] to [T, out]."""
        rows = x.to(self.dtype)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self.packed, self.bias, self.act, [], self.algorithm)
        return out.to(self.out)


class QuantisedLinear(Sealable):
    """Dynamically quantised int8 linear layer x [T, in] -> [T, out]: weight scales per output, one scale per call.

    Args:
        linear: the layer that it replaces.
        act: an activation to compute after it.
    """

    sealed = True

    def __init__(self, linear: nn.Linear, act: Any = None) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = _quantised(linear)
        self.act = act

    def laid_out(self) -> Iterable[Tensor]:
        """Return the int8 weight, its scales, and the bias."""
        weight, bias = torch.ops.quantized.linear_unpack(self.packed)
        return (weight.int_repr(), weight.q_per_channel_scales(), *(() if bias is None else (bias,)))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, in] to [T, out]."""
        out: Tensor = torch.ops.quantized.linear_dynamic(x.float(), self.packed)
        return out if self.act is None else self.act(out)


def bias_of(linear: nn.Linear) -> Tensor | None:
    """Return the bias, or None; torch declares it as always present."""
    bias: Tensor | None = getattr(linear, "bias", None)
    return None if bias is None else bias.detach()


def _quantised(linear: nn.Linear) -> Any:
    weight = linear.weight.detach().float()
    scales = weight.abs().amax(1).clamp(min=1e-12) / 127
    engine = torch.backends.quantized.engine
    with warnings.catch_warnings():
        # Deprecation warnings are of no use to the user; `available` checks whether the functions still exist.
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
    """Return whether this build of PyTorch and this processor support a mode."""
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
