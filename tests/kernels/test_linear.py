"""The product with a packed weight: against its twin, against float64, and row by row."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torso.errors import InputError, InputTypeError, UnsupportedError
from torso.kernels import functions, reference
from torso.kernels import library as native
from torso.nn.activations import activation as named

from .conftest import choose
from .drawing import KINDS, counts, drawn, has, near, normal, numbers, seeds, threads, widths

ACTIVATIONS = ["linear", "gelu", "gelu_new", "relu", "silu", "tanh", "quick_gelu"]
groups = st.sampled_from([0, 4, 8, 32, 128])
shapes = st.tuples(counts, widths, widths).filter(lambda each: each[0] * each[1] * each[2] < 2e7)


def sums(x, weight, bias):
    """What a sum's rounding is measured by: its terms without their signs."""
    terms = x.double().abs() @ weight.double().abs().T
    return terms if bias is None else terms + bias.double().abs()


@drawn
@given(shape=shapes, biased=st.booleans(), activation=st.sampled_from(ACTIVATIONS), threads=threads, seed=seeds)
def test_float32_is_exact(kernels, shape, biased, activation, threads, seed) -> None:
    (count, inputs, outputs), dice = shape, numbers(seed)
    x, weight = normal(dice, count, inputs), normal(dice, outputs, inputs, spread=inputs**-0.5)
    bias = normal(dice, outputs) if biased else None
    got = functions.linear(x, functions.pack(weight, bias), activation, threads=threads)
    wanted = reference.linear(x.double(), weight, bias, activation)
    assert got.dtype == torch.float32
    near(got, wanted, 1e-6, sums(x, weight, bias))


@drawn
@given(shape=shapes, biased=st.booleans(), activation=st.sampled_from(ACTIVATIONS), threads=threads, seed=seeds)
def test_bfloat16_rounds_what_it_multiplies_and_nothing_else(kernels, shape, biased, activation, threads, seed) -> None:
    has(kernels, native.BFLOAT16)
    (count, inputs, outputs), dice = shape, numbers(seed)
    x, weight = normal(dice, count, inputs), normal(dice, outputs, inputs, spread=inputs**-0.5)
    bias = normal(dice, outputs) if biased else None
    packed = functions.pack(weight, bias, native.BFLOAT16)
    got = functions.linear(x, packed, threads=threads)
    terms = sums(x, weight, bias)
    near(got, reference.linear(x.double(), weight, bias, kind=native.BFLOAT16), 2e-6, terms)
    # Two numbers that are each rounded to eight bits of precision: by 2^-8 of themselves at most.
    exact = reference.linear(x.double(), weight, bias)
    assert bool(((got - exact).abs() <= (2**-7 + 2**-15) * terms).all())
    # Activations here are to the precision of what mostly comes after them, bfloat16 again.
    after = functions.linear(x, packed, activation, threads=threads)
    near(after, named(activation)(got.double()), 1e-4, got)


@drawn
@given(shape=shapes, group=groups, biased=st.booleans(), threads=threads, seed=seeds)
def test_eight_bits_are_those_of_the_twin(kernels, shape, group, biased, threads, seed) -> None:
    has(kernels, native.EIGHT_BITS)
    (count, inputs, outputs), dice = shape, numbers(seed)
    x, weight = normal(dice, count, inputs), normal(dice, outputs, inputs, spread=inputs**-0.5)
    x += 2 * torch.randn(count, 1, generator=dice)  # a row need not lie about 0
    bias = normal(dice, outputs) if biased else None
    packed = functions.pack(weight, bias, native.EIGHT_BITS, group)
    got = functions.linear(x, packed, threads=threads)
    terms = sums(x, weight, bias)
    near(got, reference.linear(x, weight, bias, kind=native.EIGHT_BITS, group=group), 3e-6, terms)
    # From the truth it is as far as half a step of each number of the row, and of each of the weight, may take it.
    rows = functions.quantise(x, group)
    _, scales = reference.quantise_weight(weight, group)
    width = group or inputs
    steps, halves = (each.double().repeat_interleave(width, 1)[:, :inputs] / 2 for each in (rows.scales, scales))
    bound = steps @ (weight.double().abs() + halves).T + x.double().abs() @ halves.T
    exact = reference.linear(x.double(), weight, bias)
    assert bool(((got - exact).abs() <= bound + 3e-6 * terms).all())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_activations_over_a_wide_range(kernels, activation, kind) -> None:
    """To 1e-6 of the number that goes in, or of 1 where it is smaller; to 1e-4 behind products in fewer bits."""
    has(kernels, KINDS[kind])
    steps = torch.cat([torch.linspace(-30, 30, 40_001), torch.logspace(-8, 8, 4001), -torch.logspace(-8, 8, 4001)])
    # A product with 1 gives each number itself, rounded as the kind rounds it.
    packed = functions.pack(torch.ones(1, 1), kind=KINDS[kind])
    whole = functions.linear(steps[:, None], packed)
    got = functions.linear(steps[:, None], packed, activation)
    wanted = named(activation)(whole.double())
    bound = 1e-6 if kind == "float32" else 1e-4
    assert bool(((got - wanted).abs() <= bound * whole.abs().clamp(min=1)).all())


@drawn
@given(
    shape=shapes, kind=st.sampled_from(list(KINDS)), group=groups, activation=st.sampled_from(ACTIVATIONS), seed=seeds
)
def test_a_row_is_the_same_in_any_company(kernels, shape, kind, group, activation, seed) -> None:
    if not kernels.has(KINDS[kind]):
        return
    (count, inputs, outputs), dice = shape, numbers(seed)
    x = normal(dice, count, inputs)
    packed = functions.pack(normal(dice, outputs, inputs), normal(dice, outputs), KINDS[kind], group)
    whole = functions.linear(x, packed, activation, threads=1)
    for team in (2, 5):
        assert functions.linear(x, packed, activation, threads=team).equal(whole)
    chosen = torch.randperm(count, generator=dice)[: 1 + count // 3]
    assert functions.linear(x[chosen], packed, activation, threads=2).equal(whole[chosen])
    if count:
        assert functions.linear(x[-1:], packed, activation, threads=5).equal(whole[-1:])


@drawn
@given(
    shape=shapes.filter(lambda each: each[0] > 0),
    kind=st.sampled_from(list(KINDS)),
    strange=st.sampled_from([torch.nan, torch.inf, -torch.inf]),
    activation=st.sampled_from(ACTIVATIONS),
    seed=seeds,
)
def test_what_is_no_number_stays_in_its_row(kernels, shape, kind, strange, activation, seed) -> None:
    if not kernels.has(KINDS[kind]):
        return
    (count, inputs, outputs), dice = shape, numbers(seed)
    x = normal(dice, count, inputs)
    packed = functions.pack(normal(dice, outputs, inputs), None, KINDS[kind])
    clean = functions.linear(x, packed, activation)
    row, column = (int(torch.randint(size, (), generator=dice)) for size in (count, inputs))
    x[row, column] = strange
    got = functions.linear(x, packed, activation)
    others = torch.arange(count) != row
    assert got[others].equal(clean[others])
    if kind == "eight bits" or strange != strange:
        assert bool(got[row].isnan().all())
    else:
        sums = functions.linear(x[row : row + 1], packed)[0]
        assert not bool(sums.isfinite().any())
        # What an activation makes of minus infinity, a NaN or minus infinity again, is PyTorch's own affair.
        wanted = named(activation)(sums)
        assert got[row].isfinite().equal(wanted.isfinite())
        assert got[row][wanted.isfinite()].equal(wanted[wanted.isfinite()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strange", [torch.nan, torch.inf])
def test_a_weight_that_is_no_number_shows(kernels, kind, strange) -> None:
    has(kernels, KINDS[kind])
    dice = numbers(1)
    x, weight = normal(dice, 5, 24), normal(dice, 40, 24)
    weight[7, 3] = strange
    got = functions.linear(x, functions.pack(weight, kind=KINDS[kind]))
    assert not bool(got[:, 7].isfinite().any())
    assert bool(got[:, torch.arange(40) != 7].isfinite().all())


@pytest.mark.parametrize("kind", KINDS)
def test_zeros_and_constants(kernels, kind) -> None:
    """A row without a spread has no step, a weight of zeros no scale: neither may divide by 0."""
    has(kernels, KINDS[kind])
    x = torch.tensor([0.0, 1.0, -2.5])[:, None].expand(3, 20)
    zeros = functions.pack(torch.zeros(9, 20), kind=KINDS[kind])
    assert functions.linear(x, zeros).equal(torch.zeros(3, 9))
    ones = functions.pack(torch.ones(9, 20), kind=KINDS[kind])
    near(functions.linear(x, ones), 20 * x[:, :9], 1e-6)


def test_a_weight_of_another_instruction_set_is_refused(kernels) -> None:
    packed = functions.pack(torch.ones(32, 8))
    for name in kernels.sets:
        before = kernels.set
        choose(kernels, name)
        try:
            if kernels.panel == packed.panel:
                assert functions.linear(torch.ones(2, 8), packed).equal(torch.full((2, 32), 8.0))
            else:
                with pytest.raises(UnsupportedError, match="Pack it again") as caught:
                    functions.linear(torch.ones(2, 8), packed)
                assert caught.value.code == "E_KERNELS"
        finally:
            choose(kernels, before)


@pytest.mark.parametrize(
    ("x", "weight", "bias", "code"),
    [
        (torch.ones(2, 5), torch.ones(3, 4), None, "E_SHAPE"),
        (torch.ones(5), torch.ones(3, 5), None, "E_SHAPE"),
        (torch.ones(2, 5), torch.ones(3, 5), torch.ones(4), "E_SHAPE"),
        (torch.ones(2, 5), torch.ones(3), None, "E_SHAPE"),
        (torch.ones(2, 0), torch.ones(3, 0), None, "E_SHAPE"),
        (torch.ones(2, 5).double(), torch.ones(3, 5), None, "E_DTYPE"),
        (torch.ones(2, 5), torch.ones(3, 5).long(), None, "E_DTYPE"),
        (torch.ones(2, 5, device="meta"), torch.ones(3, 5), None, "E_DTYPE"),
        (torch.ones(2, 5), torch.ones(3, 5, device="meta"), None, "E_DTYPE"),
    ],
)
def test_what_does_not_fit_is_an_error(kernels, x, weight, bias, code) -> None:
    with pytest.raises((InputError, InputTypeError)) as caught:
        functions.linear(x, functions.pack(weight, bias))
    assert caught.value.code == code


def test_other_mistakes(kernels) -> None:
    x, packed = torch.ones(2, 5), functions.pack(torch.ones(3, 5))
    for wrong, code in (
        (lambda: functions.linear(x, packed, "mish"), "E_ACTIVATION"),
        (lambda: functions.linear(x, packed, "geluu"), "E_ACTIVATION"),
        (lambda: functions.linear(x, packed, threads=0), "E_THREADS"),
        (lambda: functions.linear(x, packed, threads=10**9), "E_THREADS"),
        (lambda: functions.pack(torch.ones(3, 5), group=6), "E_SHAPE"),
        (lambda: functions.pack(torch.ones(3, 5), group=-4), "E_SHAPE"),
    ):
        with pytest.raises(ValueError, match=code):
            wrong()
