"""Groups of sequences of equal length: packed rows become dense [n, H, length, d] tensors without padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from torso.batch import Layout, pieces
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
    """Return the mask [a, b], True for a hidden key; None if all are visible.

    The last query is at key b - 1; of more queries than keys the first is at key 0.
    """
    # A single query is at the last key: no key is later, and all earlier ones may be within the window.
    if rule.sees_all or (a == 1 and (rule.left is None or rule.left >= b - 1)):
        return None
    first = max(b - a, 0)
    distance = torch.arange(b, device=device) - torch.arange(first, first + a, device=device)[:, None]
    hidden = torch.zeros(a, b, dtype=torch.bool, device=device)
    if rule.left is not None:
        hidden |= distance < -rule.left
    if rule.right is not None:
        hidden |= distance > rule.right
    return hidden


def with_empty_keys(
    count: int, key: Tensor, value: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return key and value [n, H, b, d] and mask [a, b] with ``count`` keys of zeros behind them, which all see."""
    if count <= 0:
        return key, value, mask
    key, value = (functional.pad(each, (0, 0, 0, count)) for each in (key, value))
    return key, value, None if mask is None else functional.pad(mask, (0, count))


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


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Groups side by side: an order of the rows in which each group's are neighbours.

    Attributes:
        groups: in that order.
        queries: [Tq] int64, the query rows in that order; None where they lie so.
        keys: [Tk] int64, the key rows likewise.
        back: [Tq] int64, where each query row is in that order; None as ``queries``.
    """

    groups: tuple[Group, ...]
    queries: Tensor | None
    keys: Tensor | None
    back: Tensor | None


def ordered(queries: Layout, keys: Layout) -> Order:
    """Return an order in which groups are neighbours; cached per pair of layouts, neither of which has room."""
    other = None if keys is queries else keys
    cached: tuple[Layout | None, Order] | None = queries.memo.get(("order", id(other)))
    if cached is None:
        device = queries.positions.device
        made = sorted(groups(queries, keys), key=lambda group: queries.offsets[group.members[0]])
        chosen = _joined([each.query_rows for each in made], queries.positions.shape[0], device)
        others = _joined([each.key_rows for each in made], keys.positions.shape[0], device)
        order = Order(tuple(made), chosen, others, None if chosen is None else chosen.argsort())
        cached = queries.memo[("order", id(other))] = (other, order)
    return cached[1]


def _joined(parts: list[slice | Tensor], rows: int, device: torch.device) -> Tensor | None:
    """Return rows one after the other; None where that is all rows as they are."""
    if not parts:
        return None
    joined = torch.cat(
        [torch.arange(each.start, each.stop, device=device) if isinstance(each, slice) else each for each in parts]
    )
    same = len(joined) == rows and all(isinstance(each, slice) for each in parts)
    return None if same and bool((joined == torch.arange(rows, device=device)).all()) else joined


def side_by_side(q: Tensor, k: Tensor, v: Tensor, order: Order) -> Iterator[tuple[Group, Tensor, Tensor, Tensor]]:
    """Yield each group with its q [n, H, a, d], k and v [n, G, b, d], as parts of one split.

    The gradient of a split is one pass over the rows; that of a slice fills and adds all rows for each group.
    """
    of_queries = [len(each.members) * each.a for each in order.groups]
    of_keys = [len(each.members) * each.b for each in order.groups]
    parts = (
        _split(q, order.queries, of_queries),
        _split(k, order.keys, of_keys),
        _split(v, order.keys, of_keys),
    )
    for group, query, key, value in zip(order.groups, *parts, strict=True):
        n = len(group.members)
        yield group, _dense(query, n), _dense(key, n), _dense(value, n)


def _split(rows: Tensor, order: Tensor | None, sizes: list[int]) -> list[Tensor]:
    return pieces(rows if order is None else rows.index_select(0, order), sizes)


def _dense(rows: Tensor, n: int) -> Tensor:
    return rows.view(n, -1, *rows.shape[1:]).transpose(1, 2)
