"""Attention with dropout and its gradient by the kernels, as one operator of PyTorch's autograd."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.abi import TrainingAttention
from torso.kernels.library import Library, check_status
from torso.kernels.reference import training_attention
from torso.nn.watched import is_watched

_TORCH: Any = torch
DTYPES = {torch.float32: native.FLOAT32, torch.bfloat16: native.BFLOAT16}
"""Dtypes of rows."""
_SHARES = 1 << 32  # probabilities of dropout are multiples of its inverse


@dataclass(frozen=True, slots=True)
class _Call:
    """What a call computes, beside its tensors."""

    queries: Layout
    keys: Layout
    left: int
    right: int
    scale: float
    dropped: int
    seed: int


def attend(q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule) -> Tensor:
    """Attend as the reference does: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d], in their dtype.

    Scores and sums are float32. Only the logarithms of the softmax's sums are kept for the gradient. Which weights are
    dropped follows from one number of PyTorch's generator.

    Args:
        q: query rows on the CPU, of one of `DTYPES`; H is a multiple of G.
        k: key rows, likewise.
        v: value rows, likewise.
        queries: layout of the query rows, without room.
        keys: layout of the key rows, likewise.
        rule: which keys are seen, scale and dropout; without cap.
    """
    dropped = min(round(rule.dropout * _SHARES), _SHARES - 1)
    call = _Call(
        queries,
        keys,
        -1 if rule.left is None else rule.left,
        -1 if rule.right is None else rule.right,
        q.shape[2] ** -0.5 if rule.scale is None else rule.scale,
        dropped,
        int(torch.randint(2**63 - 1, (), device="cpu")) if dropped else 0,
    )
    return cast("Tensor", _Attention.apply(q, k, v, call))


def is_there() -> bool:
    """Return whether there are kernels."""
    return os.environ.get(native.SETTING) != "0" and _library() is not None


@cache
def _library() -> Library | None:
    library = native.library()
    if library is not None:
        library.share_threads()  # it may have been loaded before PyTorch
    return library


class _Attention(torch.autograd.Function):
    """The operator, which is differentiated again by PyTorch's own products."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, call: _Call) -> Tensor:
        q, k, v = (_with_heads_together(each) for each in (q, k, v))
        out = torch.empty(q.shape, dtype=q.dtype, device="cpu")
        log_sums = memory.empty(*q.shape[:2])
        _run(q, k, v, call, out, log_sums)
        ctx.save_for_backward(q, k, v, out, log_sums)
        ctx.call = call
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out, log_sums = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        call: _Call = ctx.call
        (gradient,) = gradients
        if torch.is_grad_enabled():
            return *_by_pytorch(q, k, v, call, gradient, again=True), None
        if is_watched() or _TORCH._C._functorch.is_legacy_batchedtensor(gradient):
            with torch.enable_grad():
                q, k, v = (each.detach().requires_grad_() for each in (q, k, v))
                return *_by_pytorch(q, k, v, call, gradient, again=False), None
        if not gradient.numel():  # its address says nothing
            return *(torch.zeros_like(each) for each in (q, k, v)), None
        made = [torch.empty(each.shape, dtype=each.dtype, device="cpu") for each in (q, k, v)]
        _run(q, k, v, call, out, log_sums, gradient.contiguous(), made)
        return *made, None


def _by_pytorch(q: Tensor, k: Tensor, v: Tensor, call: _Call, gradient: Tensor, *, again: bool) -> tuple[Tensor, ...]:
    """Return the gradients by operators that PyTorch sees; if ``again``, with gradients of their own."""
    rule = Rule(
        left=None if call.left < 0 else call.left, right=None if call.right < 0 else call.right, scale=call.scale
    )
    rows = training_attention(q, k, v, call.queries, call.keys, rule, dropped=call.dropped, seed=call.seed)
    return torch.autograd.grad(rows, (q, k, v), gradient, create_graph=again)


def _run(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    call: _Call,
    out: Tensor,
    log_sums: Tensor,
    gradient: Tensor | None = None,
    made: list[Tensor] | None = None,
) -> None:
    library = _library()
    assert library is not None, "a call comes after `is_there`"
    starts = [_starts(each) for each in (call.queries, call.keys)]
    query_gradients, key_gradients, value_gradients = made or (None, None, None)
    structure = TrainingAttention(
        kind=DTYPES[q.dtype],
        texts=len(call.queries.sizes),
        query_starts=memory.address(starts[0]),
        key_starts=memory.address(starts[1]),
        heads=q.shape[1],
        key_heads=k.shape[1],
        head_size=q.shape[2],
        queries=memory.address(q),
        keys=memory.address(k),
        values=memory.address(v),
        query_step=q.stride(0),
        key_step=k.stride(0),
        value_step=v.stride(0),
        scale=call.scale,
        left=call.left,
        right=call.right,
        dropped=call.dropped,
        seed=call.seed,
        to=memory.address(out),
        log_sums=memory.address(log_sums),
        gradient=memory.address(gradient),
        query_gradients=memory.address(query_gradients),
        key_gradients=memory.address(key_gradients),
        value_gradients=memory.address(value_gradients),
        threads=native.threads(),
    )
    check_status(library.call.torso_train_attention(native.pointer(structure)))


def _starts(layout: Layout) -> Tensor:
    """Return where each sequence begins and the last ends, [N + 1] int64; cached for the following layers."""
    cached: Tensor | None = layout.memo.get("starts")
    if cached is None:
        cached = layout.memo["starts"] = torch.tensor([0, *accumulate(layout.sizes)], device="cpu")
    return cached


def _with_heads_together(rows: Tensor) -> Tensor:
    """Return rows [T, H, d] whose heads lie side by side, as in a view of a fused projection."""
    return rows if rows.stride()[1:] == (rows.shape[2], 1) else rows.contiguous()
