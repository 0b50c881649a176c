"""Attention on any device and dtype: one `scaled_dot_product_attention` per group of equal lengths, without padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Layout
from torso.blocks import Rule
from torso.nn.attention_interfaces import ScoreBias
from torso.nn.dropout import dropped_product
from torso.nn.length_groups import Group, hidden_keys, ordered, rectangles, side_by_side, with_empty_keys

_FEW = 1 << 16  # scores of a group: below, a product in bfloat16 takes longer to begin than it saves


@dataclass(frozen=True, slots=True)
class Sdpa:
    """SDPA backend: groups sequences by length; adjacent ones of equal length are a free reshape."""

    name: str = "sdpa"

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Return a reason for capped scores, which SDPA does not support; else None."""
        return "the scores are capped" if rule.softcap is not None else None

    def __call__(
        self, q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias: ScoreBias | None
    ) -> Tensor:
        """Attend: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]."""
        if torch.is_grad_enabled() and not (queries.has_room or keys.has_room):
            order = ordered(queries, keys)
            parts = [
                _attended(group, query, key, value, queries, keys, rule, bias)
                for group, query, key, value in side_by_side(q, k, v, order)
            ]
            if not parts:
                return torch.empty_like(q)
            joined = parts[0] if len(parts) == 1 else torch.cat(parts)
            return joined if order.back is None else joined.index_select(0, order.back)
        out: Tensor | None = None
        for group, query, key, value in rectangles(q, k, v, queries, keys):
            rows = _attended(group, query, key, value, queries, keys, rule, bias)
            if isinstance(group.query_rows, slice) and rows.shape == q.shape:
                return rows
            if out is None:
                out = torch.empty_like(q)
            out[group.query_rows] = rows
        return torch.empty_like(q) if out is None else out


def _attended(
    group: Group,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    queries: Layout,
    keys: Layout,
    rule: Rule,
    bias: ScoreBias | None,
) -> Tensor:
    """Attend in a group: query [n, H, a, d], key and value [n, G, b, d] -> [n * a, H, d]."""
    heads, size = query.shape[1], query.shape[3]
    share = heads // key.shape[1]
    if share > 1 and group.a == 1 and bias is None:
        # One query per head: the heads of a group are equivalent to several queries of one head.
        query = query.reshape(len(group.members), -1, share, size)
    elif share > 1:
        key, value = key.repeat_interleave(share, 1), value.repeat_interleave(share, 1)
    mask: Tensor | None = None
    hidden = hidden_keys(rule, group.a, group.b, query.device)
    if hidden is not None:
        mask = torch.zeros(group.a, group.b, dtype=query.dtype, device=query.device).masked_fill(hidden, -torch.inf)
    if bias is not None:
        positions = group.positions(queries, keys)
        added = bias.scores(query, key, *positions)
        key, value, mask = with_empty_keys(added.shape[-1] - group.b, key, value, mask)
        mask = added if mask is None else added + mask
    if rule.dropout and query.is_cpu:
        result = _with_dropout(query, key, value, mask, rule)
    else:
        result = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=rule.dropout, scale=rule.scale
        )
    return (result if group.a == 1 else result.transpose(1, 2)).reshape(-1, heads, size)


def _with_dropout(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, rule: Rule) -> Tensor:
    """Attend as PyTorch does on the CPU where weights are dropped, step by step, with masks that are drawn faster."""
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else query.dtype
    few = dtype == torch.bfloat16 and query.shape[:-1].numel() * key.shape[-2] < _FEW
    inner = torch.float32 if few else dtype
    with torch.autocast("cpu", enabled=False):
        scale = rule.scale or query.shape[-1] ** -0.5
        scores = (query.to(inner) * scale) @ key.to(inner).transpose(-1, -2)
        weights = torch.softmax(scores if mask is None else scores + mask.to(inner), -1)
        return dropped_product(weights, rule.dropout, value.to(inner)).to(dtype)


SDPA = Sdpa()
