"""Attention to whose keys and values the sinusoids of distances are added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso import blocks
from torso.batch import Layout
from torso.nn.attend_backends import attend
from torso.nn.context import Context
from torso.nn.disentangled import distance_scores, skewed
from torso.nn.module import Module
from torso.nn.projections import by_heads, projected
from torso.tables.sinusoids import alternating_sinusoids

# The rows of distances, the same in every block and call.
_sinusoids = cache(alternating_sinusoids)


@dataclass(frozen=True, slots=True, eq=False)
class DistanceKeys:
    """Scores of queries with the rows of distances.

    Attributes:
        table: [2 * span + 1, d], the rows of distances from -span to span.
        scale: factor on the scores.
    """

    table: Tensor
    scale: float

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the scores [n, H, a, b] of q [n, H, a, e] and k [n, H, b, e], of whose units the first d count."""
        a, b = q.shape[2], k.shape[2]
        span = len(self.table) // 2
        distances = torch.arange(a + b, device=q.device) - (a - 1)
        rows = self.table[distances.clamp(-span, span) + span]
        own = q[..., : self.table.shape[1]]
        return skewed(distance_scores(own, rows[:, None].expand(-1, q.shape[1], -1)), b) * self.scale


class RelativeAttention(Module[blocks.RelativeAttention]):
    """Self-attention whose keys and values each have the sinusoids of their distance added."""

    qkv: nn.Linear
    out: nn.Linear

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        of, layout = self.of, ctx.layout
        q, k, v = (by_heads(each, of.size) for each in projected(self.qkv, x, of.rows))
        scale = of.size**-0.5
        rule = replace(of.rule if self.training else of.rule.undropped, scale=scale)
        table = torch.from_numpy(_sinusoids(2 * of.span + 1, of.size)).to(q)
        # Behind the units of a value stands where its token is: what is attended to holds the weights themselves, as
        # they are after dropout, whichever way they were computed.
        places = _places(layout)
        marks = F.one_hot(places, layout.longest).to(q)[:, None].expand(-1, of.heads, -1)
        q, k = F.pad(q, (0, layout.longest)), F.pad(k, (0, layout.longest))
        bias = DistanceKeys(table, scale)
        found = attend(q, k, torch.cat([v, marks], -1), layout, layout, rule, bias, weights=ctx.weights)
        found, own = ctx.pooled(found), ctx.pooled(places)
        distances = torch.arange(layout.longest, device=x.device) - own[:, None]
        rows = table[distances.clamp(-of.span, of.span) + of.span]
        values, weights = found[..., : of.size], found[..., of.size :]
        return self.out((values + weights @ rows).flatten(1))


def _places(layout: Layout) -> Tensor:
    """Return the place of each row [T] in its sequence, whatever positions a call gives."""
    return torch.arange(sum(layout.sizes), device=layout.starts.device) - layout.first()[layout.owner()]
