"""Attention of one sequence, written out query by query: what every backend is held to."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from torso.nn import Rule


def attention(q: Tensor, k: Tensor, v: Tensor, rule: Rule, added: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """q [a, H, d], k and v [b, G, d], added [H, a, b] -> result [a, H, d] and weights [H, a, b], in float64."""
    a, heads, size = q.shape
    b, share = k.shape[0], heads // k.shape[1]
    out, weights = torch.zeros(a, heads, size, dtype=torch.float64), torch.zeros(heads, a, b, dtype=torch.float64)
    scale = 1 / math.sqrt(size) if rule.scale is None else rule.scale
    for head in range(heads):
        keys, values = k[:, head // share].double(), v[:, head // share].double()
        for i in range(a):
            at = i + b - a  # the last query stands at the last key
            scores = keys @ q[i, head].double() * scale
            if rule.softcap is not None:
                scores = rule.softcap * torch.tanh(scores / rule.softcap)
            if added is not None:
                scores = scores + added[head, i].double()
            for j in range(b):
                if (rule.left is not None and j < at - rule.left) or (rule.right is not None and j > at + rule.right):
                    scores[j] = -math.inf
            weights[head, i] = torch.softmax(scores, 0)
            out[i, head] = weights[head, i] @ values
    return out, weights
