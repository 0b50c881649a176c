"""Disentangled attention (https://arxiv.org/abs/2006.03654): separate scores for content and relative position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from torso.nn.attend_backends import attend
from torso.nn.attention_rule import Rule
from torso.nn.context import Context


class Distances(nn.Module):
    """Relative position embeddings: a learned row per distance, query minus key, clipped to ``span`` either way.

    Distances count rows, as in the reference: explicit position ids change the absolute embeddings alone.

    Args:
        width: D.
        span: distinct distances on each side.
        norm: norm of the rows.
        dropout: probability of dropping a unit of a row, in training, drawn separately for each block.
    """

    def __init__(self, width: int, span: int, *, norm: nn.Module | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.table = nn.Embedding(2 * span, width)
        self.norm = norm or nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.span = span

    def bucket(self, distance: Tensor) -> Tensor:
        """Map distances to buckets: int64 -> int64 of the same shape; here unchanged."""
        return distance

    def index(self, distance: Tensor) -> Tensor:
        """Return the table row of each distance."""
        return (self.bucket(distance) + self.span).clamp(0, 2 * self.span - 1)

    def within(self, longest: int) -> tuple[Tensor, int]:
        """Return the rows [R, D] that texts of up to ``longest`` tokens need, and the index of the first."""
        # One more than the longest distance: see `skewed`.
        ends = torch.tensor([-longest, longest])
        first, last = (int(row) for row in self.index(ends))
        return self.dropout(self.norm(self.table.weight[first : last + 1])), first


class LogDistances(Distances):
    """Log-bucketed `Distances`: exact up to half the span, then log-spaced up to ``furthest``.

    Args:
        width: D.
        span: rows on each side.
        furthest: the distance of the last row.
        norm: norm of the rows.
        dropout: probability of dropping a unit of a row, in training.
    """

    def __init__(
        self, width: int, span: int, furthest: int, *, norm: nn.Module | None = None, dropout: float = 0.0
    ) -> None:
        super().__init__(width, span, norm=norm, dropout=dropout)
        self.furthest = furthest

    def bucket(self, distance: Tensor) -> Tensor:
        """Map distances to log buckets, in float32: a logarithm not rounded as the reference's changes the bucket."""
        exact = self.span // 2
        size = distance.abs()
        far = torch.log(size.clamp(min=exact) / exact)
        scaled = far / torch.log(torch.tensor((self.furthest - 1) / exact)) * (exact - 1)
        return torch.where(size <= exact, distance, distance.sign() * (scaled.ceil() + exact).long())


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
        steps = torch.arange(a + b, device=q.device)
        total = q.new_zeros(())
        if self.keys is not None:
            total = total + skewed(distance_scores(q, self.keys[self.index(b - 1 - steps)]), b)
        if self.queries is not None:
            total = total + skewed(distance_scores(k, self.queries[self.index(steps - a + 1)]), a).mT
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


class Shift(nn.Module):
    """A learned bias, separate from its projection: x [T, D] -> [T, D].

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return x + self.bias


class DisentangledAttention(nn.Module):
    """Disentangled self-attention: content-to-content plus content-to-position and position-to-content scores.

    Args:
        width: D.
        heads: H.
        distances: relative position embeddings, owned by the trunk; None for content scores alone.
        head_size: d; None for D / H.
        c2p: whether content-to-position scores are added.
        p2c: whether position-to-content scores are added.
        bias: whether the fused projection has a bias.
        place_key_bias: whether the key projection of distances has one.
        shift: builds the bias added to queries and to values; none by default.
        dropout: probability of dropping an attention weight, in training.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        distances: Distances | None,
        *,
        head_size: int | None = None,
        c2p: bool,
        p2c: bool,
        bias: bool = True,
        place_key_bias: bool = True,
        shift: Callable[[], nn.Module] = nn.Identity,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.head_size = head_size or width // heads
        inner = heads * self.head_size
        self.parts = {"qkv": [inner, inner, inner]}
        self.qkv = nn.Linear(width, 3 * inner, bias=bias)
        self.q_shift, self.v_shift = shift(), shift()
        self.out = nn.Linear(inner, width)
        self.rule = Rule(scale=(self.head_size * (1 + c2p + p2c)) ** -0.5, dropout=dropout)
        # In a tuple, so that its parameters are not also this module's: its owner is the trunk.
        self.shared = (distances,)
        self.c2p, self.p2c = c2p, p2c
        self.add_places(width, inner, place_key_bias)

    def add_places(self, width: int, inner: int, key_bias: bool) -> None:
        """Create the projections of distances."""
        has_distances = self.shared[0] is not None
        self.place_key = nn.Linear(width, inner, bias=key_bias) if has_distances and self.c2p else None
        self.place_query = nn.Linear(width, inner) if has_distances and self.p2c else None

    def places(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Project distances [R, D] to keys and queries, each [R, H * d] or None where unused."""
        return (
            None if self.place_key is None else self.place_key(rows),
            None if self.place_query is None else self.place_query(rows),
        )

    def bias(self, longest: int) -> DisentangledBias | None:
        """Return the bias of the scores of texts of up to ``longest`` tokens; None without distances."""
        (distances,) = self.shared
        if distances is None or not (self.c2p or self.p2c):
            return None
        rows, first = distances.within(longest)
        projected = self.places(rows)
        keys, queries = (None if each is None else each.view(len(rows), -1, self.head_size) for each in projected)

        def index(distance: Tensor) -> Tensor:
            # Another device may round a logarithm at a bucket's edge otherwise than the host did for the outermost.
            return (distances.index(distance) - first).clamp(0, len(rows) - 1)

        assert self.rule.scale is not None
        return DisentangledBias(index, keys, queries, self.rule.scale)

    def forward(self, x: Tensor, ctx: Context) -> Tensor:
        """Map x [T, D] to [T, D], or to [N, D] when only pooled rows are needed."""
        q, k, v = self.qkv(x).split(self.parts["qkv"], -1)
        q, k, v = (each.unflatten(-1, (-1, self.head_size)) for each in (self.q_shift(q), k, self.v_shift(v)))
        rule = self.rule if self.training else self.rule.undropped
        bias = self.bias(ctx.layout.longest)
        rows = ctx.pooled(attend(q, k, v, ctx.layout, ctx.layout, rule, bias, weights=ctx.weights))
        return self.out(rows.flatten(1))


class SharedDisentangledAttention(DisentangledAttention):
    """Disentangled attention whose distances share the tokens' projections."""

    def add_places(self, width: int, inner: int, key_bias: bool) -> None:
        """Create none: the fused projection serves distances too."""

    def places(self, rows: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Project distances [R, D] to keys and queries, each [R, H * d] or None where unused."""
        queries, keys, _ = self.qkv(rows).split(self.parts["qkv"], -1)
        return keys if self.c2p else None, queries if self.p2c else None
