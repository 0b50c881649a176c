"""Reference attention by an explicit softmax: fast backends are tested against it, and weights come from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from torso.batch import Layout
from torso.blocks import Rule
from torso.nn.attention_interfaces import ScoreBias
from torso.nn.length_groups import hidden_keys, rectangles, with_empty_keys


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference backend: scores, cap, bias, mask, softmax, dropout and weighted sum, step by step."""

    name: str = "reference"

    def refuses(self, q: Tensor, rule: Rule, bias: ScoreBias | None) -> str | None:
        """Return None: this backend computes every attention."""
        return None

    def __call__(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        queries: Layout,
        keys: Layout,
        rule: Rule,
        bias: ScoreBias | None,
        weights: list[Tensor] | None = None,
    ) -> Tensor:
        """Attend: q [Tq, H, d], k and v [Tk, G, d] -> [Tq, H, d]; ``weights`` receives [H, a, b] of each sequence."""
        out = torch.zeros_like(q)
        by_sequence: dict[int, Tensor] = {}
        for group, query, key, value in rectangles(q, k, v, queries, keys):
            share = query.shape[1] // key.shape[1]
            key, value = key.repeat_interleave(share, 1), value.repeat_interleave(share, 1)
            hidden = hidden_keys(rule, group.a, group.b, q.device)
            added: Tensor | None = None
            if bias is not None:
                positions = group.positions(queries, keys)
                added = bias.scores(query, key, *positions)
                key, value, hidden = with_empty_keys(added.shape[-1] - group.b, key, value, hidden)
            scores = query @ key.transpose(-1, -2) * (rule.scale or 1 / math.sqrt(q.shape[-1]))
            if rule.softcap is not None:
                scores = rule.softcap * torch.tanh(scores / rule.softcap)
            if added is not None:
                scores = scores + added
            if hidden is not None:
                scores = scores.masked_fill(hidden, -torch.inf)
            probabilities = torch.softmax(scores, -1, dtype=torch.promote_types(q.dtype, torch.float32)).to(q.dtype)
            dropped = F.dropout(probabilities, rule.dropout, training=rule.dropout > 0)
            out[group.query_rows] = (dropped @ value).transpose(1, 2).reshape(-1, *q.shape[1:])
            if weights is not None:
                by_sequence.update(zip(group.members, probabilities[..., : group.b], strict=True))
        if weights is not None:
            empty = q.new_zeros(q.shape[1], 0, 0)
            weights.extend(by_sequence.get(n, empty) for n in range(len(queries.sizes)))
        return out


REFERENCE = Reference()
