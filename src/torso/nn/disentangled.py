"""Disentangled attention (https://arxiv.org/abs/2006.03654): separate scores for content and relative position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from torso import blocks
from torso.nn.attend_backends import attend
from torso.nn.context import Context
from torso.nn.module import Builder, Module
from torso.nn.projections import by_heads, projected
from torso.tables.distance_buckets import deberta_buckets


class Distances(Module[blocks.Distances]):
    """Relative position embeddings: a learned row per distance, query minus key, clipped to a span either way."""

    table: nn.Embedding
    norm: nn.Module
    dropout: nn.Dropout

    def bucket(self, distance: Tensor) -> Tensor:
        """Map distances to buckets: int64 -> int64 of the same shape; here unchanged."""
        return distance

    def index(self, distance: Tensor) -> Tensor:
        """Return the table row of each distance, on the distances' device, which had better be the host."""
        return (self.bucket(distance) + self.of.span).clamp(0, 2 * self.of.span - 1)

    def within(self, longest: int) -> tuple[Tensor, int]:
        """Return the rows [R, D] that texts of up to ``longest`` tokens need, and the index of the first."""
        # One more than the longest distance: see `skewed`.
        ends = torch.tensor([-longest, longest])
        first, last = (int(row) for row in self.index(ends))
        return self.dropout(self.norm(self.table.weight[first : last + 1])), first


class LogDistances(Distances):
    """Log-bucketed `Distances`: exact up to half the span, then log-spaced."""

    of: blocks.LogDistances

    def bucket(self, distance: Tensor) -> Tensor:
        """Map distances to log buckets, on the host: another device may round a logarithm into the next bucket."""
        return torch.from_numpy(deberta_buckets(distance.cpu().numpy(), self.of.span, self.of.furthest))


@dataclass(frozen=True, slots=True, eq=False)
class DisentangledBias:
    """Content-to-position (c2p) and position-to-content (p2c) scores.

    Attributes:
        index: maps distances to rows.
        keys: [R, H, d] projected rows for c2p; None without it.
        queries: [R, H, d] projected rows for p2c; None without it.
        scale: factor on both.
    """

    index: Callable[[Tensor], Tensor]
    keys: Tensor | None
    queries: Tensor | None
    scale: float

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        """Compute the scores [n, H, a, b] of q [n, H, a, d] and k [n, H, b, d]."""
        a, b = q.shape[2], k.shape[2]
        steps = torch.arange(a + b)
        total = q.new_zeros(())
        if self.keys is not None:
            total = total + skewed(distance_scores(q, self.keys[self.index(b - 1 - steps).to(q.device)]), b)
        if self.queries is not None:
            total = total + skewed(distance_scores(k, self.queries[self.index(steps - a + 1).to(q.device)]), a).mT
        return total * self.scale


def distance_scores(x: Tensor, rows: Tensor) -> Tensor:
    """Compute the dot products of x [n, H, l, d] with rows [w, H, d]: [n, H, l, w]."""
    return torch.einsum("nhld,whd->nhlw", x, rows)


def skewed(scores: Tensor, columns: int) -> Tensor:
    """Skew scores by distance into scores by key, as a view: [..., r, r + c] -> [..., r, c], (i, j) from r - 1 - i + j.

    Each row begins one column before the row above it; read with rows one column shorter, they align. The last
    distance of each row is unused.
    """
    rows, width = scores.shape[-2], scores.shape[-1] - 1
    flat = scores.flatten(-2)[..., rows - 1 : rows - 1 + rows * width]
    return flat.view(*flat.shape[:-1], rows, width)[..., :columns]


class DisentangledAttention(Module[blocks.DisentangledAttention]):
    """Disentangled self-attention: content-to-content plus content-to-position and position-to-content scores."""

    qkv: nn.Linear
    q_shift: nn.Module
    v_shift: nn.Module
    out: nn.Linear
    place_key: nn.Linear | None
    place_query: nn.Linear | None

    def __init__(self, of: blocks.DisentangledAttention, build: Builder) -> None:
        super().__init__(of, build)
        # In a tuple, so that its parameters are not also this module's: its owner is the trunk.
        self.shared: tuple[Distances | None] = (None if of.distances is None else build(of.distances),)

    def places(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Project distances [R, D] to keys and queries, each [R, H * d] or None where unused."""
        return (
            None if self.place_key is None else self.place_key(rows),
            None if self.place_query is None else self.place_query(rows),
        )

    def bias(self, longest: int) -> DisentangledBias | None:
        """Return the bias of the scores of texts of up to ``longest`` tokens; None without distances."""
        (distances,) = self.shared
        if distances is None or not (self.of.c2p or self.of.p2c):
            return None
        rows, first = distances.within(longest)
        projected = self.places(rows)
        keys, queries = (None if each is None else each.view(len(rows), -1, self.of.size) for each in projected)

        def index(distance: Tensor) -> Tensor:
            return distances.index(distance) - first

        return DisentangledBias(index, keys, queries, self.of.scale)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        q, k, v = projected(self.qkv, x, self.of.rows)
        q, k, v = (by_heads(each, self.of.size) for each in (self.q_shift(q), k, self.v_shift(v)))
        rule = self.of.rule if self.training else self.of.rule.undropped
        bias = self.bias(ctx.layout.longest)
        rows = ctx.pooled(attend(q, k, v, ctx.layout, ctx.layout, rule, bias, weights=ctx.weights))
        return self.out(rows.flatten(1))


class SharedDisentangledAttention(DisentangledAttention):
    """Disentangled attention whose distances share the tokens' projections."""

    def places(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Project distances [R, D] to keys and queries, each [R, H * d] or None where unused."""
        queries, keys, _ = projected(self.qkv, rows, self.of.rows)
        return keys if self.of.c2p else None, queries if self.of.p2c else None
