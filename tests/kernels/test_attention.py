"""Attention of packed texts: against its twin, and text by text."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torso.batch import Layout
from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels import functions, reference
from torso.kernels import library as native
from torso.nn import Rule

from .drawing import drawn, has, lengths, near, normal, numbers, pieces, seeds, threads

reaches = st.one_of(st.none(), st.integers(0, 70))
sizes = st.one_of(st.integers(1, 40), st.sampled_from([32, 64, 80, 128]))
rules = st.builds(Rule, left=reaches, right=reaches, scale=st.sampled_from([None, 0.1]))
heads = st.tuples(st.integers(1, 3), st.integers(1, 3)).map(lambda each: (each[0] * each[1], each[0]))
placed = st.sampled_from(["fused", "apart"])


def drawn_heads(dice, count, of, size, place, dtype=torch.float32):
    """q, k and v, as views of one fused projection, or each by itself."""
    own, shared = of
    if place == "apart":
        return [normal(dice, count, n, size).to(dtype) for n in (own, shared, shared)]
    fused = normal(dice, count, (own + 2 * shared) * size).to(dtype)
    return fused.unflatten(1, (-1, size)).split([own, shared, shared], 1)


def drawn_distances(dice, of, layout, biased, room):
    return normal(dice, of[0], 2 * (max(layout.longest, 1) + room) - 1) if biased else None


@drawn
@given(
    lengths=lengths, of=heads, size=sizes, rule=rules, biased=st.booleans(), room=st.integers(0, 2), place=placed,
    explained=st.booleans(), threads=threads, seed=seeds,
)  # fmt: skip
def test_float32(kernels, lengths, of, size, rule, biased, room, place, explained, threads, seed) -> None:
    dice, layout = numbers(seed), Layout.of(lengths)
    q, k, v = drawn_heads(dice, sum(lengths), of, size, place)
    distances = drawn_distances(dice, of, layout, biased, room)
    seen, wanted_seen = ([], []) if explained else (None, None)
    got = functions.attention(q, k, v, layout, rule, distances, weights=seen, threads=threads)
    wanted = reference.attention(q.double(), k.double(), v.double(), layout, rule, distances, weights=wanted_seen)
    assert got.dtype == torch.float32
    near(got, wanted, 1e-6, v.abs() + 1)
    for mine, its in zip(seen or [], wanted_seen or [], strict=True):
        near(mine, its, 2e-6)
        hidden = its == 0
        assert bool((mine[hidden] == 0).all())


@drawn
@given(
    lengths=lengths, of=heads, size=sizes.map(lambda n: n + n % 2), rule=rules, biased=st.booleans(), place=placed,
    threads=threads, seed=seeds,
)  # fmt: skip
def test_bfloat16(kernels, lengths, of, size, rule, biased, place, threads, seed) -> None:
    has(kernels, native.BFLOAT16)
    dice, layout = numbers(seed), Layout.of(lengths)
    q, k, v = drawn_heads(dice, sum(lengths), of, size, place, torch.bfloat16)
    distances = drawn_distances(dice, of, layout, biased, 0)
    seen, wanted_seen, exact_seen = [], [], []
    got = functions.attention(q, k, v, layout, rule, distances, weights=seen, threads=threads)
    near(got, reference.attention(q, k, v, layout, rule, distances, weights=wanted_seen), 2**-7, v)
    # A weight and the result are each rounded, by 2^-8 of themselves at most.
    exact = reference.attention(q.double(), k.double(), v.double(), layout, rule, distances, weights=exact_seen)
    assert got.dtype == torch.bfloat16
    near(got, exact, 2**-7 + 2**-12, v.double())
    for mine, its, true in zip(seen, wanted_seen, exact_seen, strict=True):
        near(mine, its, 2**-7)
        assert bool(((mine - true).abs() <= (2**-8 + 2**-11) * true + 1e-30).all())


@drawn
@given(
    lengths=lengths.filter(bool), of=heads, size=sizes.map(lambda n: n + n % 2), rule=rules, biased=st.booleans(),
    half=st.booleans(), seed=seeds,
)  # fmt: skip
def test_a_text_is_the_same_in_any_company(kernels, lengths, of, size, rule, biased, half, seed) -> None:
    dtype = torch.bfloat16 if half and kernels.has(native.BFLOAT16) else torch.float32
    dice, layout = numbers(seed), Layout.of(lengths)
    q, k, v = drawn_heads(dice, sum(lengths), of, size, "apart", dtype)
    distances = drawn_distances(dice, of, layout, biased, 1)
    whole = functions.attention(q, k, v, layout, rule, distances, threads=1)
    for team in (2, 5):
        assert functions.attention(q, k, v, layout, rule, distances, threads=team).equal(whole)
    for own in zip(*(pieces(each, layout) for each in (q, k, v, whole)), strict=True):
        alone = functions.attention(*own[:3], Layout.of([len(own[0])]), rule, distances)
        assert alone.equal(own[3])


@drawn
@given(
    lengths=lengths.filter(lambda each: sum(each) > 0), rule=rules, half=st.booleans(),
    strange=st.sampled_from([torch.nan, torch.inf, -torch.inf]), part=st.sampled_from(["q", "k", "v"]), seed=seeds,
)  # fmt: skip
def test_what_is_no_number_stays_where_it_is_seen(kernels, lengths, rule, half, strange, part, seed) -> None:
    """In its text and its head; a query in its row. PyTorch also hands a value on that a rule hides: 0 times NaN."""
    dtype = torch.bfloat16 if half and kernels.has(native.BFLOAT16) else torch.float32
    dice, layout = numbers(seed), Layout.of(lengths)
    given = dict(zip("qkv", drawn_heads(dice, sum(lengths), (2, 2), 10, "apart", dtype), strict=True))
    clean = functions.attention(*given.values(), layout, rule)
    row = int(torch.randint(sum(lengths), (), generator=dice))
    given[part][row, 1, 4] = strange
    got = functions.attention(*given.values(), layout, rule)
    wanted = reference.attention(*given.values(), layout, rule)
    owner = layout.owner()
    touched = torch.zeros(sum(lengths), 2, dtype=torch.bool)
    touched[owner == owner[row], 1] = True
    if part == "q":
        touched &= (torch.arange(sum(lengths)) == row)[:, None]
    assert got[~touched].equal(clean[~touched])
    assert bool(wanted.isfinite().logical_not().logical_or(got.isfinite()).all()), "as finite as PyTorch's"
    # Where the rule lets it be seen it shows, as in the twin that computes with those keys alone.
    place = layout.positions - layout.positions[row]
    sees = torch.ones(sum(lengths), dtype=torch.bool)
    if rule.left is not None:
        sees &= place <= rule.left
    if rule.right is not None:
        sees &= -place <= rule.right
    shown = touched & sees[:, None]
    assert got[shown].isnan().equal(wanted[shown].isnan())


def test_scores_far_apart(kernels) -> None:
    """The largest alone counts, however large: no overflow, and nothing left of what is 200 powers of e below."""
    q = torch.full((3, 1, 4), 40.0)
    k = torch.tensor([-40.0, 0.0, 40.0])[:, None, None].expand(3, 1, 4).contiguous()
    v = torch.tensor([1e30, 2.0, 3.0])[:, None, None].expand(3, 1, 4).contiguous()
    seen: list[torch.Tensor] = []
    got = functions.attention(q, k, v, Layout.of([3]), weights=seen)
    assert got.equal(torch.full((3, 1, 4), 3.0))
    assert seen[0].equal(torch.tensor([0.0, 0.0, 1.0]).expand(1, 3, 3))


def test_texts_without_rows_and_no_texts(kernels) -> None:
    nothing = torch.zeros(0, 2, 8)
    for sizes in ([], [0], [0, 0]):
        seen: list[torch.Tensor] = []
        assert functions.attention(nothing, nothing, nothing, Layout.of(sizes), weights=seen, threads=5).shape == (
            0,
            2,
            8,
        )
        assert [each.shape for each in seen] == [(2, 0, 0)] * len(sizes)


def test_one_row_gets_its_value(kernels) -> None:
    v = normal(numbers(0), 4, 2, 24)
    got = functions.attention(v, v, v, Layout.of([1] * 4), Rule(left=0, right=0))
    near(got, v, 2e-7)


def test_what_does_not_fit_is_an_error(kernels) -> None:
    q, kv, layout = torch.ones(5, 4, 6), torch.ones(5, 2, 6), Layout.of([2, 3])
    room = Layout(layout.starts, layout.lengths, torch.arange(6), (2, 3), (0, 3), 3)
    wrong = [
        lambda: functions.attention(q, kv[:4], kv, layout),
        lambda: functions.attention(q, kv, kv[..., :5], layout),
        lambda: functions.attention(q, kv, kv[:, :1], layout),
        lambda: functions.attention(q[:, :3], kv, kv, layout),
        lambda: functions.attention(q[:, :0], kv, kv, layout),
        lambda: functions.attention(q, kv[:, :0], kv[:, :0], layout),
        lambda: functions.attention(q[..., :0], kv[..., :0], kv[..., :0], layout),
        lambda: functions.attention(q[0], kv, kv, layout),
        lambda: functions.attention(q, kv, kv, Layout.of([2, 2])),
        lambda: functions.attention(q, kv, kv, Layout.of([2, 4])),
        lambda: functions.attention(q, kv, kv, room),
        lambda: functions.attention(q.double(), kv.double(), kv.double(), layout),
        lambda: functions.attention(q, kv.bfloat16(), kv, layout),
        lambda: functions.attention(q, kv, kv, layout, distances=torch.ones(4, 3)),
        lambda: functions.attention(q, kv, kv, layout, distances=torch.ones(4, 6)),
        lambda: functions.attention(q, kv, kv, layout, distances=torch.ones(2, 5)),
        lambda: functions.attention(q, kv, kv, layout, distances=torch.ones(4, 5).double()),
    ]
    if kernels.has(native.BFLOAT16):
        odd = torch.ones(5, 2, 5, dtype=torch.bfloat16)
        wrong.append(lambda: functions.attention(odd, odd, odd, layout))
    for call in wrong:
        with pytest.raises((InputError, InputTypeError)) as caught:
            call()
        assert caught.value.code in ("E_SHAPE", "E_DTYPE")
    for rule in (Rule(softcap=5.0), Rule(dropout=0.1), Rule(scale=-1.0), Rule(scale=0.0), Rule(scale=torch.inf)):
        with pytest.raises(UnsupportedError, match="E_ATTENTION"):
            functions.attention(q, kv, kv, layout, rule)
