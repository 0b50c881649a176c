"""Attention over packed rows by the kernels, as a function of tensors."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule
from torso.errors import UnsupportedError
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.abi import AttentionCall
from torso.kernels.buffer_checks import check, kernels, shape_error, thread_count
from torso.kernels.library import check_status


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    layout: Layout,
    rule: Rule | None = None,
    distances: Tensor | None = None,
    *,
    weights: list[Tensor] | None = None,
    threads: int | None = None,
) -> Tensor:
    """Compute self-attention of each sequence: q [T, H, d], k and v [T, G, d] -> [T, H, d], in the dtype of q.

    Queries, keys and values that are views of one fused projection are read where they lie; others are laid side by
    side first.

    Args:
        q: queries, float32, or bfloat16 with an even d.
        k: keys; H is a multiple of G.
        v: values.
        layout: where the sequences lie, end to end.
        rule: which keys are seen, and the scale; without cap and dropout. Every key by default.
        distances: [H, 2 n - 1] float32 for sequences of up to n rows: added to the scores by the key's place minus the
            query's, from 1 - n to n - 1.
        weights: a list that receives each sequence's attention weights [H, length, length], float32.
        threads: how many may take part; None for as many as torch's.

    Raises:
        InputError: ``E_SHAPE``.
        InputTypeError: ``E_DTYPE``.
        UnsupportedError: ``E_KERNELS``, without kernels; ``E_ATTENTION``, for a rule that they do not compute.
    """
    rule = rule or Rule()
    kind = native.BFLOAT16 if q.dtype == torch.bfloat16 else native.FLOAT32
    library = kernels(kind)
    dtype = torch.bfloat16 if kind == native.BFLOAT16 else torch.float32
    check("q", q, (None, None, None), dtype=dtype)
    count, heads, size = q.shape
    check("k", k, (count, None, size), dtype=dtype)
    key_heads = k.shape[1]
    check("v", v, (count, key_heads, size), dtype=dtype)
    if not (heads and key_heads and size) or heads % key_heads or (kind == native.BFLOAT16 and size % 2):
        raise shape_error("q", q, "[T, H, d] with H a multiple of the heads of k, and an even d in bfloat16")
    if layout.has_room or sum(layout.sizes) != count:
        raise shape_error("q", q, f"[{sum(layout.sizes)}, H, d], as many rows as the layout has, without room between")
    # A sum of many float32 numbers must not meet a scale that turns the least score into the largest.
    scale = size**-0.5 if rule.scale is None else rule.scale
    if rule.softcap is not None or rule.dropout or not (0 < scale < math.inf):
        raise UnsupportedError(
            "E_ATTENTION",
            "The kernels compute no {rule}.",
            cure="Use torso.nn.attend, or a rule without cap and dropout and with a scale above 0.",
            values=dict(rule=rule),
        )
    if distances is not None:
        check("distances", distances, (heads, None), dtype=torch.float32)
        if distances.shape[1] % 2 == 0 or distances.shape[1] < 2 * layout.longest - 1:
            raise shape_error("distances", distances, f"[{heads}, an odd number of at least {2 * layout.longest - 1}]")
        distances = distances.detach().contiguous()
    q, k, v = _side_by_side(q.detach(), k.detach(), v.detach())
    starts = torch.tensor([0, *accumulate(layout.sizes)])
    out = torch.empty(count, heads, size, dtype=dtype, device="cpu")
    squares = [heads * length * length for length in layout.sizes]
    flat_weights = None if weights is None else memory.empty(sum(squares))
    call = AttentionCall(
        kind=kind,
        queries=memory.address(q),
        keys=memory.address(k),
        values=memory.address(v),
        row_step=q.stride(0),
        texts=len(layout.sizes),
        starts=memory.address(starts),
        heads=heads,
        key_heads=key_heads,
        head_size=size,
        scale=scale,
        left=-1 if rule.left is None else rule.left,
        right=-1 if rule.right is None else rule.right,
        distances=memory.address(distances),
        reach=0 if distances is None else distances.shape[1] // 2,
        to=memory.address(out),
        to_step=heads * size,
        weights=memory.address(flat_weights),
        threads=thread_count(threads),
    )
    check_status(library.call.torso_attention(native.pointer(call)))
    if weights is not None and flat_weights is not None:
        pieces: Any = torch.split(flat_weights, squares)
        weights += [each.view(heads, n, n) for each, n in zip(pieces, layout.sizes, strict=True)]
    return out


def _side_by_side(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    size = q.shape[2]
    together = all(each.stride() == (q.stride(0), size, 1) for each in (q, k, v))
    if together and q.stride(0) >= max(q.shape[1], k.shape[1]) * size:
        return q, k, v
    sizes = [q.shape[1], k.shape[1], v.shape[1]]
    return cast("tuple[Tensor, Tensor, Tensor]", torch.cat([q, k, v], 1).split(sizes, 1))
