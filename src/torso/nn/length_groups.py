"""Groups of sequences of equal length: packed rows become dense [n, H, length, d] tensors without padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from torso.batch import Layout
from torso.blocks import Rule


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The n sequences that have a queries and b keys each.

    Attributes:
        members: indices of the sequences.
        query_rows: their query rows [n * a], or a slice if they are contiguous.
        key_rows: their key rows [n * b], or a slice of n regions, the first b rows of each in use.
        a: queries of each sequence.
        b: keys of each sequence.
    """

    members: tuple[int, ...]
    query_rows: slice | Tensor
    key_rows: slice | Tensor
    a: int
    b: int

    def take(self, rows: Tensor, chosen: slice | Tensor, length: int) -> Tensor:
        """Gather rows [T, heads, d] as [n, heads, length, d]; a view where the rows are evenly strided."""
        return rows[chosen].view(len(self.members), -1, *rows.shape[1:])[:, :length].transpose(1, 2)

    def positions(self, queries: Layout, keys: Layout) -> tuple[Tensor, Tensor]:
        """Return the positions of the query rows [n, a] and of the key rows [n, b]."""
        n = len(self.members)
        of_queries, of_keys = queries.positions[self.query_rows].view(n, -1), keys.positions[self.key_rows].view(n, -1)
        return of_queries, of_keys[:, : self.b]


def groups(queries: Layout, keys: Layout) -> list[Group]:
    """Return the groups of equal lengths, shortest first; cached per pair of layouts."""
    # Self-attention must not create a reference cycle; another layout is held, so that its id is not reused.
    other = None if keys is queries else keys
    cached: tuple[Layout | None, list[Group]] | None = queries.memo.get(("groups", id(other)))
    if cached is None:
        members: dict[tuple[int, int], list[int]] = {}
        for n, (a, b) in enumerate(zip(queries.sizes, keys.sizes, strict=True)):
            if a:
                members.setdefault((a, b), []).append(n)
        made = [
            Group(tuple(chosen), _rows(queries, chosen, a), _regions(keys, chosen, b), a, b)
            for (a, b), chosen in sorted(members.items())
        ]
        cached = queries.memo[("groups", id(other))] = (other, made)
    return cached[1]


def _rows(layout: Layout, members: list[int], length: int) -> slice | Tensor:
    starts = [layout.offsets[n] for n in members]
    if all(later - earlier == length for earlier, later in pairwise(starts)):
        return slice(starts[0], starts[0] + length * len(members))
    device = layout.positions.device
    return (torch.tensor(starts, device=device)[:, None] + torch.arange(length, device=device)).flatten()


def _regions(layout: Layout, members: list[int], length: int) -> slice | Tensor:
    """Return rows as `_rows`; adjacent regions with room, as a cache's, are a slice too and are not copied."""
    if layout.has_room and len(members) > 1:
        starts = [layout.offsets[n] for n in members]
        step = starts[1] - starts[0]
        whole = starts[0] + step * len(members) <= layout.positions.shape[0]
        if whole and step >= length and all(later - earlier == step for earlier, later in pairwise(starts)):
            return slice(starts[0], starts[0] + step * len(members))
    return _rows(layout, members, length)


def hidden_keys(rule: Rule, a: int, b: int, device: torch.device) -> Tensor | None:
    """Return the mask [a, b], True for a hidden key; None if all are visible. The last query is at key b - 1."""
    # A single query is at the last key: no key is later, and all earlier ones may be within the window.
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
    """Yield each group with its q [n, H, a, d], k and v [n, G, b, d]."""
    for group in groups(queries, keys):
        yield (
            group,
            group.take(q, group.query_rows, group.a),
            group.take(k, group.key_rows, group.b),
            group.take(v, group.key_rows, group.b),
        )
