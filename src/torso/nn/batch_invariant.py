"""Products of rows with a weight, in which a row's result is the same bits in any company and in any thread.

PyTorch's product of float32 matrices orders its sums by the shape of the whole batch, so a text's last digits would
depend on its neighbours. On the CPU torso's own kernel takes its place (`torso.kernels.direct`): it reads the tensors
where they are, in true float32, with sums whose order follows from the length of a row alone, and no setting of the
process is touched.

Without the compiled kernels oneDNN multiplies, whose rows are the same in any company of two or more; a row by itself
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
from torch.autograd import forward_ad
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Product = Callable[[Tensor, Tensor, "Tensor | None"], Tensor]

_TORCH: Any = torch
_FORWARD_AD: Any = forward_ad
_OWN = (Tensor, nn.Parameter)
_LEFT_ALONE = ("none", "ieee")
"""Precisions of PyTorch's float32 products that mean float32. Whoever chose another one gets PyTorch's."""


class _Rowwise(TorchFunctionMode):
    """Takes the calls of `torch.nn.functional.linear` in this thread. Layers stay of PyTorch's own type."""

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is F.linear and not kwargs:
            return product(*args)
        return func(*args, **(kwargs or {}))


_ROWWISE = _Rowwise()


def rowwise_products(tokens: Tensor, dtype: torch.dtype) -> AbstractContextManager[object]:
    """What to run a model of ``dtype`` that reads ``tokens`` in: linear layers, in this thread, compute `product`."""
    if tokens.device.type != "cpu" or dtype != torch.float32 or torch.compiler.is_compiling():
        return nullcontext()
    return _ROWWISE


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight^T + bias, as `torch.nn.functional.linear`: x [..., inputs], weight [outputs, inputs] -> [..., outputs].

    In float32 on the CPU each row of x has the same result, to the last bit, whatever rows are beside it, however many
    threads PyTorch has and whatever runs in others. Everything else, and every call that is traced, compiled,
    transformed by `torch.func` or under autocast, is PyTorch's own. Gradients are.

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
        type(x) in _OWN
        and type(weight) in _OWN
        and (bias is None or (type(bias) in _OWN and bias.dtype == torch.float32 and bias.shape == weight.shape[:1]))
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
    """Whether PyTorch must see the product, or a person chose its precision."""
    return (
        torch.compiler.is_compiling()
        or torch.is_autocast_enabled("cpu")
        or _TORCH._C._get_tracing_state() is not None
        or _TORCH._C._are_functorch_transforms_active()
        or _TORCH._C._len_torch_dispatch_stack() > 0
        or _FORWARD_AD._current_level >= 0
        or _TORCH.backends.mkldnn.matmul.fp32_precision not in _LEFT_ALONE
    )


def _rowwise() -> Product:
    # By name: kernels are built upon what is here, and are no part of it.
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
    """The same product where gradients are wanted; they are PyTorch's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _rowwise()(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        x, weight = cast("tuple[Tensor, Tensor]", ctx.saved_tensors)
        rows = gradient.flatten(0, -2) if gradient.ndim > 1 else gradient[None]
        wants_x, wants_weight, wants_bias = cast("tuple[bool, bool, bool]", ctx.needs_input_grad)
        return (
            gradient @ weight if wants_x else None,
            rows.T @ x.reshape(len(rows), -1) if wants_weight else None,
            rows.sum(0) if wants_bias else None,
        )
