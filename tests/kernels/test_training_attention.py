"""Attention as it is trained: rows, gradients and dropped weights against the twin, on each instruction set."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torso.batch import Layout
from torso.kernels import reference
from torso.kernels.training_attention import attend
from torso.nn import Rule

from .drawing import drawn, lengths, near, normal, numbers, seeds, threads
from .test_attention import drawn_heads, heads, placed, rules, sizes

shares = st.sampled_from([0.0, 0.1, 0.5])


def learned(run, given, out_of):
    rows = run(*given)
    return rows.detach(), torch.autograd.grad((rows * out_of).sum(), given)


def twin(q, k, v, queries, keys, rule, seed):
    """The twin in float64, with the call's own number drawn from the generator as the kernel's is."""
    dropped = min(round(rule.dropout * 2**32), 2**32 - 1)
    torch.manual_seed(seed)
    number = int(torch.randint(2**63 - 1, ())) if dropped else 0
    return reference.training_attention(q, k, v, queries, keys, rule, dropped=dropped, seed=number)


def ruled(rule: Rule, share: float) -> Rule:
    return Rule(left=rule.left, right=rule.right, scale=rule.scale, dropout=share)


@drawn
@given(
    lengths=lengths.filter(lambda each: sum(each) > 0), of=heads, size=sizes, rule=rules, share=shares, place=placed,
    threads=threads, seed=seeds,
)  # fmt: skip
def test_float32(kernels, lengths, of, size, rule, share, place, threads, seed) -> None:
    dice, layout, rule = numbers(seed), Layout.of(lengths), ruled(rule, share)
    given = [each.detach().requires_grad_() for each in drawn_heads(dice, sum(lengths), of, size, place)]
    exact = [each.detach().double().requires_grad_() for each in given]
    out_of = normal(dice, *given[0].shape)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.manual_seed(seed)
        got, gradients = learned(lambda *rows: attend(*rows, layout, layout, rule), given, out_of)
    finally:
        torch.set_num_threads(before)
    wanted, slopes = learned(lambda *rows: twin(*rows, layout, layout, rule, seed), exact, out_of.double())
    scale = 1 / (1 - share)
    near(got, wanted, 3e-6 * scale, exact[2].detach().abs() + 1)
    for mine, its in zip(gradients, slopes, strict=True):
        assert mine.shape == its.shape
        near(mine, its, 1e-5 * scale, its.abs() + 1)


@drawn
@given(
    lengths=lengths.filter(lambda each: sum(each) > 0), of=heads, size=sizes, rule=rules, share=shares, seed=seeds,
)  # fmt: skip
def test_bfloat16(kernels, lengths, of, size, rule, share, seed) -> None:
    """Every instruction set computes it; sums are float32, so that rows in and out alone are rounded."""
    dice, layout, rule = numbers(seed), Layout.of(lengths), ruled(rule, share)
    given = [
        each.detach().requires_grad_() for each in drawn_heads(dice, sum(lengths), of, size, "fused", torch.bfloat16)
    ]
    exact = [each.detach().double().requires_grad_() for each in given]
    out_of = normal(dice, *given[0].shape).bfloat16()
    torch.manual_seed(seed)
    got, gradients = learned(lambda *rows: attend(*rows, layout, layout, rule), given, out_of)
    assert got.dtype == gradients[0].dtype == torch.bfloat16
    wanted, slopes = learned(lambda *rows: twin(*rows, layout, layout, rule, seed), exact, out_of.double())
    near(got, wanted, 2**-8 + 1e-5, wanted)
    for mine, its in zip(gradients, slopes, strict=True):
        near(mine, its, 2**-6, its.abs() + 1)


@drawn
@given(
    sizes=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 70)), min_size=1, max_size=4), rule=rules, seed=seeds
)
def test_other_keys_than_queries(kernels, sizes, rule, seed) -> None:
    """As a pooled row's, a decoder's to its encoder, or a text's behind a prefix."""
    queries, keys = Layout.of([a for a, _ in sizes]), Layout.of([b for _, b in sizes])
    dice, rule = numbers(seed), Rule(right=rule.right, scale=rule.scale, dropout=0.2)
    given = [
        normal(dice, count, n, 16).requires_grad_()
        for count, n in ((sum(queries.sizes), 4), (sum(keys.sizes), 2), (sum(keys.sizes), 2))
    ]
    exact = [each.detach().double().requires_grad_() for each in given]
    out_of = normal(dice, *given[0].shape)
    torch.manual_seed(seed)
    got, gradients = learned(lambda *rows: attend(*rows, queries, keys, rule), given, out_of)
    wanted, slopes = learned(lambda *rows: twin(*rows, queries, keys, rule, seed), exact, out_of.double())
    near(got, wanted, 1e-5)
    for mine, its in zip(gradients, slopes, strict=True):
        near(mine, its, 1e-5, its.abs() + 1)


def test_as_many_weights_are_dropped_as_should_be_and_none_knows_of_another(kernels) -> None:
    """With scores of 0 and a value of one unit a key, a row shows which of its weights stayed."""
    count, layout = 64, Layout.of([64, 64])
    nothing = torch.zeros(2 * count, 2, count, requires_grad=True)
    units = torch.eye(count).repeat(2, 1)[:, None].expand(-1, 2, -1).contiguous()
    stayed = []
    for seed in range(20):
        torch.manual_seed(seed)
        rows = attend(nothing, nothing.detach(), units, layout, layout, Rule(dropout=0.25)).detach()
        values = rows.unique()
        torch.testing.assert_close(values, torch.tensor([0.0, 1 / count / 0.75]))
        stayed.append((rows > 0).float())
    every = torch.stack(stayed)  # [seeds, rows, heads, keys]
    centred = every - 0.75
    assert abs(float(centred.mean())) < 0.003
    neighbours = (
        (centred[1:] * centred[:-1]),
        (centred[:, 1:] * centred[:, :-1]),
        (centred[:, :, 1:] * centred[:, :, :-1]),
        (centred[..., 1:] * centred[..., :-1]),
        (centred[..., 16:] * centred[..., :-16]),
    )
    for each in neighbours:
        assert abs(float(each.mean())) < 0.003
    for axis in (0, 1, 3):
        assert float(every.mean(axis).std()) < 0.12


def test_the_same_in_any_team_and_from_the_same_number(kernels) -> None:
    layout, rule = Layout.of([30, 70, 5]), Rule(dropout=0.1)
    given = [normal(numbers(n), 105, 3, 20).requires_grad_() for n in range(3)]
    found = []
    before = torch.get_num_threads()
    for team, seed in ((1, 4), (2, 4), (5, 4), (1, 5)):
        torch.set_num_threads(team)
        torch.manual_seed(seed)
        rows, gradients = learned(lambda *rows: attend(*rows, layout, layout, rule), given, 1.0)
        found.append((rows, *gradients))
    torch.set_num_threads(before)
    for other in found[1:3]:
        assert all(one.equal(each) for one, each in zip(found[0], other, strict=True))
    assert not found[0][0].equal(found[3][0])


def test_gradients_have_gradients_and_are_batched(kernels) -> None:
    layout, rule = Layout.of([4, 3]), Rule(right=0, dropout=0.2)
    given = [normal(numbers(n), 7, 2, 4).requires_grad_() for n in range(3)]

    def second(run):
        rows = run(*given)
        first = torch.autograd.grad(rows.square().sum(), given, create_graph=True)
        return torch.autograd.grad(sum(each.square().sum() for each in first), given)

    torch.manual_seed(1)
    found = second(lambda *rows: attend(*rows, layout, layout, rule))
    wanted = second(lambda *rows: twin(*rows, layout, layout, rule, 1))
    for mine, its in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-4)
    rows = attend(*given, layout, layout, Rule(right=0))
    many = torch.randn(3, *rows.shape)
    batched = torch.autograd.grad(rows, given, many, is_grads_batched=True, retain_graph=True)
    for n in range(3):
        for mine, its in zip(batched, torch.autograd.grad(rows, given, many[n], retain_graph=True), strict=True):
            torch.testing.assert_close(mine[n], its, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_no_number_shows(kernels, dtype) -> None:
    layout = Layout.of([5, 40])
    given = [normal(numbers(n), 45, 2, 8).to(dtype).requires_grad_() for n in range(3)]
    with torch.no_grad():
        given[0][20, 1, 3] = torch.nan
    rows, gradients = learned(lambda *rows: attend(*rows, layout, layout, Rule()), given, 1.0)
    assert bool(rows[20, 1].isnan().all())
    rows = rows.detach().clone()
    rows[20, 1] = 0
    assert bool(rows.isfinite().all())
    assert bool(gradients[1][5:, 1].isnan().any())
    assert bool(gradients[1][:5].isfinite().all())
