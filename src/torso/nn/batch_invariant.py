"""Batch-invariant float32 matmul on CPU: a row's result has the same bits in any batch and in any thread.

PyTorch's float32 matmul orders its sums by the shape of the whole batch, so a text's last digits would depend on the
rest of the batch. On the CPU torso's own kernel takes its place (`torso.kernels.direct`): it reads the tensors in
place, in true float32, with an order of sums that depends on the length of a row alone; no global setting is changed.

Without the compiled kernels oneDNN multiplies, whose rows are the same in any batch of two or more; a single row
may differ from them in its last digits, as may every row where PyTorch was built without oneDNN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from torso.nn.dropout import dropout
from torso.nn.watched import is_watched

Product = Callable[[Tensor, Tensor, "Tensor | None"], Tensor]

_TORCH: Any = torch
_PLAIN = (Tensor, nn.Parameter)
_TRUE_FLOAT32 = ("none", "ieee")
"""Precisions of PyTorch's float32 matmul that mean float32; with any other one PyTorch's own matmul runs."""


class _Rowwise(TorchFunctionMode):
    """Intercepts linear layers and dropout in this thread, so that modules stay plain `nn.Linear` and `nn.Dropout`."""

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is F.linear and not kwargs:
            return product(*args)
        if func is F.dropout:
            return _dropped(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _dropped(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    return F.dropout(x, p, training, inplace) if inplace else dropout(x, p, training)


_ROWWISE = _Rowwise()


def rowwise_products(tokens: Tensor, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Return a context in which linear layers of this thread compute `product`; empty off the CPU or float32.

    Dropout is `torso.nn.dropout.dropout` there.
    """
    if tokens.device.type != "cpu" or dtype != torch.float32 or torch.compiler.is_compiling():
        return nullcontext()
    return _ROWWISE


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute x weight^T + bias: x [..., inputs], weight [outputs, inputs] -> [..., outputs].

    In float32 on the CPU each row of x has the same result, to the last bit, whatever the other rows, the number of
    threads and the load on them. Any other case, and every call that is traced, compiled, transformed by `torch.func`
    or under autocast, runs PyTorch's own `linear`. Gradients are sums over rows, and are by oneDNN where it is there.

    Args:
        x: rows.
        weight: of any layout; one that is not contiguous is copied for the call.
        bias: [outputs], or None.

    Raises:
        RuntimeError: PyTorch's, for shapes that do not fit.
    """
    if not _is_ours(x, weight, bias):
        return F.linear(x, weight, bias)
    if torch.is_grad_enabled() and (
        x.requires_grad or weight.requires_grad or (bias is not None and bias.requires_grad)
    ):
        return cast("Tensor", _Differentiable.apply(x, weight, bias))
    return _rowwise()(x, weight, bias)


def _is_ours(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    return (
        type(x) in _PLAIN
        and type(weight) in _PLAIN
        and (bias is None or (type(bias) in _PLAIN and bias.dtype == torch.float32 and bias.shape == weight.shape[:1]))
        and x.dtype == torch.float32
        and weight.dtype == torch.float32
        and x.is_cpu
        and weight.is_cpu
        and x.layout == weight.layout == torch.strided
        and x.ndim > 0
        and weight.ndim == 2
        and x.shape[-1] == weight.shape[1]
        and not _is_watched()
    )


def _is_watched() -> bool:
    """Return whether PyTorch must see the product, or its precision was set by the user."""
    return (
        is_watched()
        or torch.is_autocast_enabled("cpu")
        or _TORCH.backends.mkldnn.matmul.fp32_precision not in _TRUE_FLOAT32
    )


def _rowwise() -> Product:
    # By name: torso.kernels depends on torso.nn, not the other way round.
    own: Product | None = import_module("torso.kernels.direct").product()
    return own or _by_pytorch


def _by_pytorch(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if not _has_onednn() or x.numel() <= x.shape[-1]:
        return F.linear(x, weight, bias)
    return cast("Tensor", torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], ""))


@cache
def _has_onednn() -> bool:
    if not torch.backends.mkldnn.is_available():
        return False
    x, weight = torch.linspace(-1, 1, 32).view(2, 16), torch.linspace(-2, 1, 64).view(4, 16)
    try:
        made = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return torch.allclose(made, F.linear(x, weight), atol=1e-5)


class _Differentiable(torch.autograd.Function):
    """The same product with gradients, by oneDNN where it is there: MKL is slow on some processors."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _rowwise()(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, weight = cast("tuple[Tensor, Tensor]", ctx.saved_tensors)
        rows = gradient.reshape(x.shape[:-1].numel(), weight.shape[0])
        wants_x, wants_weight, wants_bias = cast("tuple[bool, bool, bool]", ctx.needs_input_grad)
        # oneDNN's operator has no gradient itself, and no rule for many gradients at once.
        seen = torch.is_grad_enabled() or _is_watched() or _TORCH._C._functorch.is_legacy_batchedtensor(gradient)
        multiply = torch.matmul if seen else _by_strided_onednn
        return (
            multiply(rows, weight).reshape(x.shape) if wants_x else None,
            multiply(rows.T, x.reshape(-1, weight.shape[1])) if wants_weight else None,
            rows.sum(0) if wants_bias else None,
        )


def _by_strided_onednn(a: Tensor, b: Tensor) -> Tensor:
    """Multiply matrices a [m, k] and b [k, n] of any strides, without copies."""
    if a.dtype != torch.float32 or min(*a.shape, *b.shape) < 2 or not _has_strided_onednn():
        return a @ b
    if not all(1 in each.stride() for each in (a, b)):  # an expanded gradient, such as that of a sum
        a, b = a.contiguous(), b.contiguous()
    return cast("Tensor", torch.ops.mkldnn._linear_pointwise(a, b.T, None, "none", [], ""))


@cache
def _has_strided_onednn() -> bool:
    """Return whether oneDNN is there and reads transposed matrices where they lie."""
    if not _has_onednn():
        return False
    a, b = torch.linspace(-1, 1, 48).view(16, 3).T, torch.linspace(-2, 1, 64).view(16, 4)
    made = torch.ops.mkldnn._linear_pointwise(a, b.T, None, "none", [], "")
    return torch.allclose(made, a @ b, atol=1e-5)
