"""Sequences of equal length, side by side: how padded-free rows become rectangles for one product each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from torso.batch import Layout
from torso.nn.attention_rule import Rule


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The n sequences that have a queries and b keys each.

    Attributes:
        members: the sequences, by number.
        query_rows: their query rows [n * a], or the slice they fill when they lie end to end.
        key_rows: their key rows [n * b], or a slice of n regions of which each uses the first b.
        a: queries of each sequence.
        b: keys of each sequence.
    """

    members: tuple[int, ...]
    query_rows: slice | Tensor
    key_rows: slice | Tensor
    a: int
    b: int

    def take(self, rows: Tensor, chosen: slice | Tensor, length: int) -> Tensor:
        """rows [T, heads, d] -> [n, heads, length, d]; a view where the rows lie at equal distances."""
        return rows[chosen].view(len(self.members), -1, *rows.shape[1:])[:, :length].transpose(1, 2)

    def places(self, queries: Layout, keys: Layout) -> tuple[Tensor, Tensor]:
        """Positions of the query rows [n, a] and of the key rows [n, b]."""
        n = len(self.members)
        here, there = queries.positions[self.query_rows].view(n, -1), keys.positions[self.key_rows].view(n, -1)
        return here, there[:, : self.b]


def groups(queries: Layout, keys: Layout) -> list[Group]:
    """The groups of equal lengths, shortest first; made once for a pair of layouts."""
    # Self-attention must not make the layout hold itself; another layout is held, so that its id stays its own.
    other = None if keys is queries else keys
    kept: tuple[Layout | None, list[Group]] | None = queries.memo.get(("groups", id(other)))
    if kept is None:
        members: dict[tuple[int, int], list[int]] = {}
        for n, (a, b) in enumerate(zip(queries.sizes, keys.sizes, strict=True)):
            if a:
                members.setdefault((a, b), []).append(n)
        made = [
            Group(tuple(chosen), _rows(queries, chosen, a), _regions(keys, chosen, b), a, b)
            for (a, b), chosen in sorted(members.items())
        ]
        kept = queries.memo[("groups", id(other))] = (other, made)
    return kept[1]


def _rows(layout: Layout, members: list[int], length: int) -> slice | Tensor:
    starts = [layout.offsets[n] for n in members]
    if all(later - earlier == length for earlier, later in pairwise(starts)):
        return slice(starts[0], starts[0] + length * len(members))
    device = layout.positions.device
    return (torch.tensor(starts, device=device)[:, None] + torch.arange(length, device=device)).flatten()


def _regions(layout: Layout, members: list[int], length: int) -> slice | Tensor:
    """As `_rows`; regions with room that lie side by side, as a cache's, are a slice too: nothing of it is copied."""
    if layout.has_room and len(members) > 1:
        starts = [layout.offsets[n] for n in members]
        step = starts[1] - starts[0]
        whole = starts[0] + step * len(members) <= layout.positions.shape[0]
        if whole and step >= length and all(later - earlier == step for earlier, later in pairwise(starts)):
            return slice(starts[0], starts[0] + step * len(members))
    return _rows(layout, members, length)


def hidden_keys(rule: Rule, a: int, b: int, device: torch.device) -> Tensor | None:
    """[a, b] True where a query may not see a key, or None where every key is seen. The last query is at key b - 1."""
    # One query stands at the last key: nothing is later, and what is earlier may all be near enough.
    if rule.sees_all or (a == 1 and (rule.left is None or rule.left >= b - 1)):
        return None
    distance = torch.arange(b, device=device) - torch.arange(b - a, b, device=device)[:, None]
    hidden = torch.zeros(a, b, dtype=torch.bool, device=device)
    if rule.left is not None:
        hidden |= distance < -rule.left
    if rule.right is not None:
        hidden |= distance > rule.right
    return hidden


def rectangles(
    q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout
) -> Iterator[tuple[Group, Tensor, Tensor, Tensor]]:
    """Each group with its q [n, H, a, d], k and v [n, G, b, d]."""
    for group in groups(queries, keys):
        yield (
            group,
            group.take(q, group.query_rows, group.a),
            group.take(k, group.key_rows, group.b),
            group.take(v, group.key_rows, group.b),
        )
