"""Weights of eight and four bits in groups: against their definition, against Q8_0 and Q4_1, and row by row."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from torso.kernels import functions
from torso.kernels import library as native

from .drawing import counts, drawn, near, normal, numbers, seeds, threads, widths

GROUP = 32
kinds = st.sampled_from([native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS])
shapes = st.tuples(counts, widths, widths).filter(lambda each: each[0] * each[1] * each[2] < 5e6)


def grouped(x: Tensor) -> Tensor:
    """Rows in whole groups, zeros behind."""
    padded = torch.nn.functional.pad(x.double(), (0, -x.shape[1] % GROUP))
    return padded.view(len(x), padded.shape[1] // GROUP, GROUP)


def rounded(x: Tensor, kind: int) -> tuple[Tensor, Tensor]:
    """Rows as the kernels round them (eight bits, symmetric, a scale for each group), and how far each may be off.

    Beside weights of four bits a scale is a power of two, the next one that is no smaller.

    A value halfway between two numbers, but for the last bits of its product with 1 / scale, may go to either: the
    compiler is free to round that product or to add to it unrounded.
    """
    groups = grouped(x).float()
    scales = (groups.abs().amax(-1, keepdim=True) / 127).double()
    if kind == native.FOUR_BIT_GROUPS:
        scales = torch.where(scales > 0, scales.log2().ceil().exp2(), scales)
    exact = torch.where(scales > 0, groups.double() / scales, groups.double())
    halfway = ((exact - exact.floor()) - 0.5).abs() < 1e-4
    return tuple((each * scales).flatten(1)[:, : x.shape[1]] for each in (exact.round(), halfway))


def packed_values(weight: Tensor, kind: int) -> Tensor:
    """The weight that the kernels multiply with: rows of one 1 are rounded without an error."""
    return functions.linear(torch.eye(weight.shape[1]), functions.pack(weight, None, kind)).T


def q8_0(weight: Tensor) -> Tensor:
    """llama.cpp's Q8_0."""
    groups = grouped(weight)
    scale = (groups.abs().amax(-1, keepdim=True) / 127).half().double()
    return (torch.where(scale > 0, (groups / scale).round(), groups) * scale).flatten(1)[:, : weight.shape[1]]


def q4_1(weight: Tensor) -> Tensor:
    """llama.cpp's Q4_1."""
    groups = grouped(weight)
    least = groups.amin(-1, keepdim=True)
    scale = (groups.amax(-1, keepdim=True) - least) / 15
    whole = torch.where(scale > 0, ((groups - least) / scale).round(), 0)
    return (whole * scale.half().double() + least.half().double()).flatten(1)[:, : weight.shape[1]]


@drawn
@given(shape=shapes, biased=st.booleans(), kind=kinds, threads=threads, seed=seeds)
def test_products_of_what_was_rounded(kernels, shape, biased, kind, threads, seed) -> None:
    (count, inputs, outputs), dice = shape, numbers(seed)
    x, weight = normal(dice, count, inputs), normal(dice, outputs, inputs, spread=inputs**-0.5)
    bias = normal(dice, outputs) if biased else None
    got = functions.linear(x, functions.pack(weight, bias, kind), threads=threads)
    values, (rows, either) = packed_values(weight, kind).double(), rounded(x, kind)
    wanted = rows @ values.T + (0 if bias is None else bias.double())
    allowed = 2e-6 * (rows.abs() @ values.abs().T + 1) + either @ values.abs().T
    assert bool(((got - wanted).abs() <= allowed).all())


@pytest.mark.parametrize("kind", [native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS])
@pytest.mark.parametrize(("outputs", "inputs"), [(64, 96), (70, 512), (7, 1024)])
def test_no_farther_from_the_weight_than_llama_cpp(kernels, kind, outputs, inputs) -> None:
    weight = normal(numbers(outputs), outputs, inputs, spread=0.05)
    theirs = (q8_0 if kind == native.EIGHT_BIT_GROUPS else q4_1)(weight)
    ours = packed_values(weight, kind).double()
    mine, other = (((each - weight.double()) ** 2).mean() for each in (ours, theirs))
    assert mine <= other * 1.0001
    if kind == native.FOUR_BIT_GROUPS:
        assert mine < 0.95 * other  # scale and minimum are fitted


@drawn
@given(shape=shapes, kind=kinds, seed=seeds)
def test_a_row_does_not_depend_on_the_others(kernels, shape, kind, seed) -> None:
    (count, inputs, outputs), dice = shape, numbers(seed)
    x, packed = normal(dice, count, inputs), functions.pack(normal(dice, outputs, inputs), None, kind)
    whole = functions.linear(x, packed, threads=2)
    for row in {0, count // 2, count - 1} & set(range(count)):
        assert torch.equal(functions.linear(x[row : row + 1], packed, threads=1), whole[row : row + 1])


@pytest.mark.parametrize("kind", [native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS])
def test_nothing_nonfinite_is_hidden(kernels, kind) -> None:
    weight, x = torch.ones(40, 64), torch.ones(2, 64)
    weight[3, 40] = float("nan")
    x[1, 5] = float("inf")
    out = functions.linear(x, functions.pack(weight, None, kind))
    assert torch.isnan(out[0]).nonzero().flatten().tolist() == [3]
    assert bool(torch.isnan(out[1]).all())


@pytest.mark.parametrize("kind", [native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS])
def test_zeros_and_constants_are_exact(kernels, kind) -> None:
    for value in (0.0, 0.5, -2.0):
        weight = torch.full((33, 70), value)
        near(packed_values(weight, kind), weight, 2e-3 if kind == native.EIGHT_BIT_GROUPS else 1e-3)
