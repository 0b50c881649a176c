"""Reference implementations of the kernels in plain PyTorch, for tests.

They have the names of `torso.kernels.functions` and compute in the dtype of their inputs: float64 measures a kernel's
error. They round to bfloat16 or to eight bits at the same places as the kernels.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Layout
from torso.blocks import Rule
from torso.kernels.functions import Norm, Quantised
from torso.kernels.library import BFLOAT16, EIGHT_BITS, FLOAT32
from torso.nn.activations import activation as named
from torso.nn.length_groups import hidden_keys


def linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: str = "linear",
    *,
    kind: int = FLOAT32,
    group: int = 0,
) -> Tensor:
    """Compute activation(x weight^T + bias): x [T, inputs] -> [T, outputs].

    Args:
        x: rows.
        weight: [outputs, inputs].
        bias: [outputs], or None.
        activation: a name as in configs.
        kind: how the weight is kept: `FLOAT32`, `BFLOAT16` or `EIGHT_BITS`.
        group: of eight bits, how many inputs share a scale; 0 for all of them.
    """
    if kind == EIGHT_BITS:
        rows = _eight_bit_product(quantise(x, group), weight.to(x.dtype), group)
    elif kind == BFLOAT16:
        rows = x.bfloat16().to(x.dtype) @ weight.bfloat16().to(x.dtype).T
    else:
        rows = x @ weight.to(x.dtype).T
    return named(activation)(rows if bias is None else rows + bias.to(x.dtype))


def _eight_bit_product(x: Quantised, weight: Tensor, group: int) -> Tensor:
    numbers, scales = quantise_weight(weight, group)
    groups, pieces = _groups(x.numbers, group), _groups(numbers, group)
    rows = x.scales.new_zeros(len(x.numbers), len(weight))
    for g, (mine, its) in enumerate(zip(groups, pieces, strict=True)):
        # Whole numbers below 2^53: float64 holds every sum of them.
        sums = (mine.double() @ its[:, : mine.shape[1]].double().T).to(rows.dtype)
        weight_sums = scales[:, g] * its.double().sum(1).to(rows.dtype)
        rows += x.scales[:, g, None] * scales[:, g] * sums + x.mins[:, g, None] * weight_sums
    return rows


def quantise_weight(weight: Tensor, group: int = 0) -> tuple[Tensor, Tensor]:
    """Quantise a weight [outputs, inputs] to integers from -127 to 127 with scales [outputs, groups]."""
    pieces = _groups(F.pad(weight, (0, -weight.shape[1] % 4)), group)
    numbers: list[Tensor] = []
    scales: list[Tensor] = []
    for piece in pieces:
        scale = piece.abs().amax(1, keepdim=True) / 127
        inverse = torch.where(scale > 0, 1 / scale, 0)
        numbers.append((piece * inverse).round())
        scales.append(scale)
    return torch.cat(numbers, 1), torch.cat(scales, 1)


def quantise(x: Tensor, group: int = 0) -> Quantised:
    """Rows [T, D] as numbers of eight bits; a group of columns that is not finite has a scale of NaN."""
    numbers: list[Tensor] = []
    scales: list[Tensor] = []
    mins: list[Tensor] = []
    for piece in _groups(x, group):
        least, most = piece.aminmax(dim=1, keepdim=True)
        scale = torch.where(piece.isfinite().all(1, keepdim=True), (most - least) / 255, torch.nan)
        inverse = torch.where(scale > 0, 1 / scale, 0)
        numbers.append(((piece - least) * inverse).round().nan_to_num(0).clamp(0, 255))
        scales.append(scale)
        mins.append(least)
    whole = F.pad(torch.cat(numbers, 1), (0, -x.shape[1] % 4)).to(torch.uint8)
    return Quantised(whole, torch.cat(scales, 1), torch.cat(mins, 1))


def _groups(rows: Tensor, group: int) -> tuple[Tensor, ...]:
    return cast("tuple[Tensor, ...]", rows.split(group or max(1, rows.shape[1]), 1))


def add_norm(x: Tensor, other: Tensor | None, norm: Norm | None) -> Tensor:
    """Compute norm(x + other): two times [T, D] -> [T, D]."""
    rows = x if other is None else x + other
    if norm is None:
        return rows
    weight, bias = norm.weight.to(rows.dtype), None if norm.bias is None else norm.bias.to(rows.dtype)
    if not norm.rms:
        return F.layer_norm(rows, rows.shape[1:], weight, bias, norm.epsilon)
    rows = F.rms_norm(rows, rows.shape[1:], weight, norm.epsilon)
    return rows if bias is None else rows + bias


def embed(
    tokens: Tensor,
    table: Tensor,
    *,
    segments: Tensor | None = None,
    segment_table: Tensor | None = None,
    positions: Tensor | None = None,
    position_table: Tensor | None = None,
    offset: int = 0,
    scale: float = 1.0,
    norm: Norm | None = None,
) -> Tensor:
    """Compute norm(scale * table[tokens] + segment_table[segments] + position_table[positions + offset]): [T, D]."""
    rows = F.embedding(tokens, table) * scale
    if segment_table is not None:
        rows = rows + F.embedding(torch.zeros_like(tokens) if segments is None else segments, segment_table)
    if position_table is not None:
        assert positions is not None
        rows = rows + F.embedding(positions + offset, position_table)
    return add_norm(rows, None, norm)


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    layout: Layout,
    rule: Rule | None = None,
    distances: Tensor | None = None,
    *,
    weights: list[Tensor] | None = None,
) -> Tensor:
    """Compute self-attention of each sequence: q [T, H, d], k and v [T, G, d] -> [T, H, d], in the dtype of q.

    In bfloat16 scores and sums are float32; exponentials are rounded before they weigh the values, and the result is.
    """
    rule = rule or Rule()
    exact = torch.promote_types(q.dtype, torch.float32)
    out = torch.empty_like(q)
    share = q.shape[1] // k.shape[1]
    for start, length in zip(layout.offsets, layout.sizes, strict=True):
        rows = slice(start, start + length)
        query, key, value = (each[rows].transpose(0, 1).to(exact) for each in (q, k, v))
        key, value = key.repeat_interleave(share, 0), value.repeat_interleave(share, 0)
        scores = query @ key.transpose(1, 2) * (q.shape[2] ** -0.5 if rule.scale is None else rule.scale)
        if distances is not None:
            places = torch.arange(length)
            scores = scores + distances[:, places - places[:, None] + distances.shape[1] // 2].to(exact)
        hidden = hidden_keys(rule, length, length, q.device)
        if hidden is not None:
            scores = scores.masked_fill(hidden, -torch.inf)
        top = scores.amax(-1, keepdim=True) if length else scores.new_zeros(q.shape[1], 0, 1)
        powers = torch.exp(scores - top)
        sums = powers.sum(-1, keepdim=True)
        rounded = powers.to(q.dtype).to(exact)
        out[rows] = (rounded @ value / sums).transpose(0, 1).to(q.dtype)
        if weights is not None:
            weights.append(rounded / sums)
    return out


def training_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    queries: Layout,
    keys: Layout,
    rule: Rule,
    *,
    dropped: int = 0,
    seed: int = 0,
) -> Tensor:
    """Attend with dropout: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d], in the dtype of q; differentiable.

    Args:
        q: queries.
        k: keys.
        v: values.
        queries: where the queries of each sequence lie.
        keys: where its keys lie.
        rule: which keys are seen, and the scale.
        dropped: of 2 ** 32 weights.
        seed: from which it follows which.
    """
    exact = torch.promote_types(q.dtype, torch.float32)
    share, rows = q.shape[1] // k.shape[1], list[Tensor]()
    for first, a, begin, b in zip(queries.offsets, queries.sizes, keys.offsets, keys.sizes, strict=True):
        query = q[first : first + a].transpose(0, 1).to(exact)
        key, value = (each[begin : begin + b].transpose(0, 1).to(exact) for each in (k, v))
        key, value = key.repeat_interleave(share, 0), value.repeat_interleave(share, 0)
        scores = query @ key.mT * (q.shape[2] ** -0.5 if rule.scale is None else rule.scale)
        hidden = hidden_keys(rule, a, b, q.device)
        weights = torch.softmax(scores if hidden is None else scores.masked_fill(hidden, -torch.inf), -1)
        if dropped:
            words = dropout_words(seed, q.shape[1], first, a, b)
            weights = weights * (words >= dropped) / (1 - dropped / 2**32)
        rows.append((weights @ value).transpose(0, 1).to(q.dtype))
    return torch.cat(rows) if rows else q * 0


def dropout_words(seed: int, heads: int, first: int, queries: int, keys: int) -> Tensor:
    """Return the random numbers [H, queries, keys] below 2 ** 32 of weights: one less than ``dropped`` is dropped.

    Args:
        seed: of the call.
        heads: H.
        first: row of the first query among all.
        queries: of the sequence.
        keys: of the sequence.
    """
    whole, half = np.uint64, np.uint32
    with np.errstate(over="ignore"):
        place = np.arange(heads, dtype=whole)[:, None] << whole(40) | np.arange(first, first + queries, dtype=whole)
        state = whole(seed) + whole(0x9E3779B97F4A7C15) * (place + whole(1))
        state = (state ^ state >> whole(30)) * whole(0xBF58476D1CE4E5B9)
        state = (state ^ state >> whole(27)) * whole(0x94D049BB133111EB)
        state ^= state >> whole(31)
        one, other = state.astype(half)[..., None], (state >> whole(32)).astype(half)[..., None]
        word = np.arange(keys, dtype=half) * half(0x9E3779B9) + one
        word = (word ^ word >> half(16)) * half(0x85EBCA6B)
        word = (word ^ other ^ word >> half(13)) * half(0xC2B2AE35)
        word ^= word >> half(16)
    return torch.from_numpy(word.astype(np.int64))
