"""Layouts, packing and heads' choice of rows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torso import Encoding, Layout, pack, unpack
from torso.nn.heads import pool_rows
from torso.outputs import Hidden


def encoding(ids: list[int]) -> Encoding:
    size = len(ids)
    return Encoding(
        ids=ids,
        segments=[i % 2 for i in range(size)],
        spans=[(0, 0)] * size,
        tokens=[str(each) for each in ids],
        special=[False] * size,
        words=[None] * size,
        sequence=[0] * size,
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_a_layout_says_where_everything_lies(sizes) -> None:
    where = Layout.of(sizes)
    whole = torch.arange(sum(sizes))
    assert [len(each) for each in unpack(whole, where)] == sizes
    assert torch.cat(unpack(whole, where)).equal(whole)
    assert where.lengths.tolist() == sizes
    assert where.starts.diff().tolist() == sizes
    assert (where.starts.dtype, where.lengths.dtype, where.positions.dtype) == (torch.int32, torch.int32, torch.int64)
    assert where.positions.tolist() == [i for size in sizes for i in range(size)]
    assert where.owner().tolist() == [n for n, size in enumerate(sizes) for _ in range(size)]
    assert [whole[i] for i in where.first()] == [each[0] for each in unpack(whole, where)]
    assert [whole[i] for i in where.last()] == [each[-1] for each in unpack(whole, where)]
    assert where.longest == max(sizes)
    assert not where.has_room


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=6), min_size=1, max_size=6))
def test_packing_pads_nothing_and_loses_nothing(texts) -> None:
    batch = pack([encoding(ids) for ids in texts])
    plain = Layout.of([len(ids) for ids in texts])
    assert [each.tolist() for each in unpack(batch.tokens, batch.layout)] == texts
    assert [each.tolist() for each in unpack(batch.segments, batch.layout)] == [
        [i % 2 for i in range(len(ids))] for ids in texts
    ]
    for name in ("starts", "lengths", "positions"):
        assert getattr(batch.layout, name).equal(getattr(plain, name))
        assert getattr(batch.layout, name).dtype == getattr(plain, name).dtype
    assert (batch.layout.sizes, batch.layout.offsets, batch.layout.longest) == (
        plain.sizes,
        plain.offsets,
        plain.longest,
    )


def test_pieces_are_views() -> None:
    rows = torch.arange(6.0)
    unpack(rows, Layout.of([2, 4]))[1][0] = -1
    assert rows[2] == -1


@pytest.mark.parametrize(("pool", "wanted"), [("first", [0, 3, 4]), ("last", [2, 3, 5]), ("mean", [1, 3, 4.5])])
def test_one_row_stands_for_a_sequence(pool, wanted) -> None:
    rows = torch.arange(6.0)[:, None].expand(6, 2)
    assert pool_rows(Hidden(rows, Layout.of([3, 1, 2])), pool)[:, 0].tolist() == wanted
