"""Norms, embeddings and eight-bit rows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels import functions, reference
from torso.kernels import library as native
from torso.kernels.functions import Norm

from .drawing import counts, drawn, has, near, normal, numbers, seeds, threads, widths


def norm_of(dice, width, kind, biased) -> Norm | None:
    if kind == "none":
        return None
    return Norm(1 + normal(dice, width), normal(dice, width) if biased else None, 1e-5, kind == "rms")


norms = st.sampled_from(["none", "layer", "rms"])


@drawn
@given(
    count=counts, width=widths, kind=norms, biased=st.booleans(), added=st.booleans(), far=st.booleans(),
    threads=threads, seed=seeds,
)  # fmt: skip
def test_add_norm(kernels, count, width, kind, biased, added, far, threads, seed) -> None:
    dice = numbers(seed)
    x = normal(dice, count, width) + (30 if far else 0)
    other = normal(dice, count, width) if added else None
    norm = norm_of(dice, width, kind, biased)
    got = functions.add_norm(x, other, norm, threads=threads)
    # What is far from 0 loses the digits that its mean has; the sum itself is rounded before it is normed.
    whole = x if other is None else x + other
    size = reference.add_norm(whole.double(), None, norm).abs() + (whole.abs() if far else 0)
    near(got, reference.add_norm(whole.double(), None, norm), 1e-6 if kind == "none" or width > 3 else 1e-4, size)
    assert functions.add_norm(x, other, norm, threads=1).equal(got)
    if count:
        alone = functions.add_norm(x[-1:], None if other is None else other[-1:], norm)
        assert alone.equal(got[-1:])


@drawn
@given(
    count=counts.filter(bool), width=widths, kind=norms, strange=st.sampled_from([torch.nan, torch.inf, -torch.inf]),
    seed=seeds,
)  # fmt: skip
def test_what_is_no_number_stays_in_its_row(kernels, count, width, kind, strange, seed) -> None:
    dice = numbers(seed)
    x, other, norm = normal(dice, count, width), normal(dice, count, width), norm_of(dice, width, kind, True)
    clean = functions.add_norm(x, other, norm)
    row, column = (int(torch.randint(size, (), generator=dice)) for size in (count, width))
    x[row, column] = strange
    got, wanted = functions.add_norm(x, other, norm), reference.add_norm(x, other, norm)
    others = torch.arange(count) != row
    assert got[others].equal(clean[others])
    assert got[row].isnan().equal(wanted[row].isnan())
    assert not bool(got[row, column].isfinite())


def test_a_row_without_spread_is_its_bias(kernels) -> None:
    norm = Norm(torch.ones(37), torch.arange(37.0))
    got = functions.add_norm(torch.full((3, 37), 2.0), None, norm)
    torch.testing.assert_close(got, torch.arange(37.0).expand(3, 37))


@drawn
@given(
    count=counts, width=widths, tables=st.tuples(st.booleans(), st.booleans(), st.booleans()), kind=norms,
    offset=st.integers(0, 3), scale=st.sampled_from([1.0, 3.5]), threads=threads, seed=seeds,
)  # fmt: skip
def test_embed(kernels, count, width, tables, kind, offset, scale, threads, seed) -> None:
    dice = numbers(seed)
    with_segments, with_positions, all_first = tables
    given = dict(
        tokens=torch.randint(11, (count,), generator=dice),
        table=normal(dice, 11, width),
        segments=None if all_first else torch.randint(3, (2 * count,), generator=dice)[::2],
        segment_table=normal(dice, 3, width) if with_segments else None,
        positions=torch.randint(9, (count,), generator=dice) if with_positions else None,
        position_table=normal(dice, 9 + offset, width) if with_positions else None,
        offset=offset,
        scale=scale,
    )
    norm = norm_of(dice, width, kind, True)
    got = functions.embed(**given, norm=norm, threads=threads)
    exact = {k: v.double() if isinstance(v, torch.Tensor) and v.is_floating_point() else v for k, v in given.items()}
    near(got, reference.embed(**exact, norm=norm), 2e-6 if kind == "none" or width > 3 else 1e-2)
    assert functions.embed(**given, norm=norm, threads=1).equal(got)


@pytest.mark.parametrize("where", ["tokens", "segments", "positions"])
@pytest.mark.parametrize("wrong", [-3, 5, 2**31, 2**62, 2**63 - 1, -(2**63)])
def test_an_id_without_a_row_is_an_error_and_no_crash(kernels, where, wrong) -> None:
    for count in (1, 40):
        ids = {name: torch.zeros(count, dtype=torch.int64) for name in ("tokens", "segments", "positions")}
        ids[where][count // 2] = wrong
        tokens = ids.pop("tokens")
        tables = dict(segment_table=torch.ones(5, 8), position_table=torch.ones(7, 8), offset=2)
        with pytest.raises(IndexError, match="no row in its table"):
            functions.embed(tokens, torch.ones(5, 8), **ids, **tables)


def test_ids_that_no_table_is_read_by_may_be_anything(kernels) -> None:
    far = torch.full((3,), 10**9)
    got = functions.embed(torch.tensor([1, 0, 1]), torch.tensor([[1.0], [2.0]]), segments=far, positions=far)
    assert got.flatten().tolist() == [2, 1, 2]


def test_segments_are_all_first_where_none_are_given(kernels) -> None:
    got = functions.embed(torch.tensor([0]), torch.ones(1, 3), segment_table=torch.tensor([[5.0] * 3, [9.0] * 3]))
    assert got.tolist() == [[6.0] * 3]
    with pytest.raises(IndexError):
        functions.embed(torch.tensor([0]), torch.ones(1, 3), segment_table=torch.ones(0, 3))


@drawn
@given(count=counts, width=widths, group=st.sampled_from([0, 4, 16, 20, 128]), at=st.integers(-9, 9), seed=seeds)
def test_quantise(kernels, count, width, group, at, seed) -> None:
    has(kernels, native.EIGHT_BITS)
    x = normal(numbers(seed), count, width) + at
    got, wanted = functions.quantise(x, group), reference.quantise(x, group)
    for name in ("scales", "mins"):
        assert getattr(got, name).equal(getattr(wanted, name)), name
    assert got.numbers.equal(wanted.numbers)
    # Back again, to half a step, and what rounding it in float32 adds.
    scales, mins = (each.repeat_interleave(group or width, 1)[:, :width] for each in (got.scales, got.mins))
    back = got.numbers[:, :width] * scales + mins
    assert bool(((back - x).abs() <= 0.5001 * scales + 2e-6 * x.abs().clamp(min=1)).all())


@pytest.mark.parametrize("strange", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("column", [0, 9, 35])
def test_a_group_that_is_not_finite_has_no_step(kernels, strange, column) -> None:
    has(kernels, native.EIGHT_BITS)
    x = normal(numbers(3), 4, 36)
    x[2, column] = strange
    got = functions.quantise(x, 20)
    assert got.scales.isnan().nonzero().tolist() == [[2, column // 20]]
    of_it = slice(0, 20) if column < 20 else slice(20, 36)
    assert not bool(got.numbers[2, of_it].any())


def test_without_eight_bits_it_is_said(kernels) -> None:
    if kernels.has(native.EIGHT_BITS):
        assert functions.quantise(torch.ones(0, 5)).numbers.shape == (0, 8)
        return
    for call in (
        lambda: functions.quantise(torch.ones(1, 4)),
        lambda: functions.pack(torch.ones(1, 4), kind=native.EIGHT_BITS),
    ):
        with pytest.raises(UnsupportedError, match="eight bits") as caught:
            call()
        assert caught.value.code == "E_KERNELS"


def test_what_does_not_fit_is_an_error(kernels) -> None:
    x, ids = torch.ones(2, 5), torch.zeros(2, dtype=torch.int64)
    wrong = [
        lambda: functions.add_norm(x, torch.ones(2, 4), None),
        lambda: functions.add_norm(x, torch.ones(1, 5), None),
        lambda: functions.add_norm(torch.ones(5), None, None),
        lambda: functions.add_norm(x.double(), None, None),
        lambda: functions.add_norm(x, None, Norm(torch.ones(4))),
        lambda: functions.add_norm(x, None, Norm(torch.ones(5), torch.ones(6))),
        lambda: functions.embed(ids.int(), x),
        lambda: functions.embed(ids[None], x),
        lambda: functions.embed(ids, x.half()),
        lambda: functions.embed(ids, x, segments=ids[:1], segment_table=x),
        lambda: functions.embed(ids, x, segments=ids, segment_table=torch.ones(2, 4)),
        lambda: functions.embed(ids, x, position_table=x),
        lambda: functions.embed(ids, x, norm=Norm(torch.ones(4))),
    ]
    if kernels.has(native.EIGHT_BITS):
        wrong += [
            lambda: functions.quantise(x, 3),
            lambda: functions.quantise(x[0]),
            lambda: functions.quantise(x[:, :0]),
        ]
    for call in wrong:
        with pytest.raises((InputError, InputTypeError)) as caught:
            call()
        assert caught.value.code in ("E_SHAPE", "E_DTYPE")
