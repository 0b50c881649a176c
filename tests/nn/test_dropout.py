"""Dropout: which numbers stay, what becomes of them, and gradients; in layers and in attention."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from torso.batch import Layout
from torso.blocks import Rule
from torso.nn.batch_invariant import rowwise_products
from torso.nn.dropout import dropout, dropped_product
from torso.nn.explicit_softmax import REFERENCE
from torso.nn.sdpa import SDPA


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_as_many_stay_as_should_and_none_knows_of_another(p) -> None:
    made = dropout(torch.ones(400, 501), p)
    stays = (made != 0).double()
    count = stays.numel()
    sigma = math.sqrt(p * (1 - p) / count)
    assert abs(float(stays.mean()) - (1 - p)) < 5 * sigma + 2**-17
    assert set(made.unique().tolist()) == {0.0, float(torch.tensor(1 / (1 - round(p * 65536) / 65536)))}
    flat = stays.flatten() - stays.mean()
    for distance in (1, 2, 3, 4, 5, 8, 501):
        together = float((flat[distance:] * flat[:-distance]).mean()) / (p * (1 - p))
        assert abs(together) < 5 / math.sqrt(count), distance
    assert float(dropout(torch.full((10**5,), 3.0), p).mean()) == pytest.approx(3.0, rel=0.06)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (2, 3, 4, 7)])
def test_what_stays_and_its_gradient_are_scaled_alike(dtype, shape) -> None:
    x = torch.randn(shape, dtype=dtype, requires_grad=True)
    made = dropout(x, 0.25)
    assert made.dtype == dtype
    (gradient,) = torch.autograd.grad(made, x, torch.ones_like(made))
    torch.testing.assert_close(made, x * gradient)
    assert set(gradient.unique().tolist()) <= {0.0, float(torch.tensor(4 / 3, dtype=dtype))}


def test_gradients_of_strided_tensors_and_of_gradients() -> None:
    x = torch.randn(6, 4, dtype=torch.float32).T.requires_grad_()
    made = dropout(x, 0.5)
    (gradient,) = torch.autograd.grad(made.square().sum(), x, create_graph=True)
    torch.testing.assert_close(gradient, 4 * made.detach())
    (second,) = torch.autograd.grad(gradient.sum(), x)
    torch.testing.assert_close(second, 8 * (made != 0).float())
    (expanded,) = torch.autograd.grad(dropout(x, 0.5).sum(), x)
    assert set(expanded.unique().tolist()) == {0.0, 2.0}


def test_masks_follow_from_the_generator() -> None:
    x = torch.ones(1000)
    torch.manual_seed(1)
    first, second = dropout(x, 0.3), dropout(x, 0.3)
    torch.manual_seed(1)
    assert torch.equal(first, dropout(x, 0.3))
    assert not torch.equal(first, second)


def test_what_is_not_dropped_is_left_alone_and_what_pytorch_must_see_is_pytorchs() -> None:
    x = torch.ones(1000, dtype=torch.float64)
    assert dropout(x, 0.0) is x
    assert dropout(x, 0.3, training=False) is x
    torch.manual_seed(2)
    wanted = F.dropout(x, 0.3)
    torch.manual_seed(2)
    assert torch.equal(dropout(x, 0.3), wanted)
    assert not dropout(torch.ones(50), 1.0).any()
    mapped = torch.vmap(lambda row: dropout(row, 0.5), randomness="different")(torch.ones(4, 50))
    assert 0 < int((mapped == 0).sum()) < 200


def test_layers_of_a_model_take_it() -> None:
    layer, x = nn.Dropout(0.25), torch.ones(100, 7)
    torch.manual_seed(3)
    wanted = dropout(x, 0.25)
    torch.manual_seed(3)
    with rowwise_products(x, torch.float32):
        assert torch.equal(layer(x), wanted)
        assert layer.eval()(x) is x


@pytest.mark.parametrize("heads", [4, 2])
@pytest.mark.parametrize("rule", [Rule(), Rule.causal()])
def test_attention_drops_weights(rule, heads) -> None:
    import dataclasses

    layout = Layout.of([3, 5, 3, 1])
    q, k, v = (torch.randn(12, count, 8, requires_grad=True) for count in (4, heads, heads))
    never = dataclasses.replace(rule, dropout=1e-9)  # goes the way with dropout, and nothing is dropped
    made, wanted = (each(q, k, v, layout, layout, never, None) for each in (SDPA, REFERENCE))
    torch.testing.assert_close(made, wanted, rtol=1e-5, atol=1e-6)
    for mine, its in zip(
        *(torch.autograd.grad(each.square().sum(), (q, k, v)) for each in (made, wanted)), strict=True
    ):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-6)
    often = dataclasses.replace(rule, dropout=0.5)
    with torch.no_grad():
        mean = torch.stack([SDPA(q, k, v, layout, layout, often, None) for _ in range(4000)]).mean(0)
    torch.testing.assert_close(mean, wanted.detach(), rtol=0, atol=0.2)


def test_attention_in_bfloat16_under_autocast() -> None:
    layout, rule = Layout.of([3, 5]), Rule(dropout=1e-9)
    q, k, v = (torch.randn(8, 2, 8) for _ in range(3))
    with torch.autocast("cpu", torch.bfloat16):
        made = SDPA(q, k, v, layout, layout, rule, None)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), REFERENCE(q, k, v, layout, layout, Rule(), None), rtol=0.05, atol=0.03)


def test_few_scores_are_not_rounded_to_bfloat16() -> None:
    few, many = ([5, 9, 5], 1), ([130, 130], 4)
    for sizes, heads in (few, many):
        layout = Layout.of(sizes)
        q, k, v = (torch.randn(sum(sizes), heads, 8).bfloat16() for _ in range(3))
        made = SDPA(q, k, v, layout, layout, Rule(dropout=1e-9), None)
        exact = REFERENCE(q.float(), k.float(), v.float(), layout, layout, Rule(), None)
        assert made.dtype == torch.bfloat16
        others = (made != exact.bfloat16()).float().mean()
        assert others < 0.05 if (sizes, heads) == few else others > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_product_of_dropped_weights_keeps_no_dropped_weights(dtype) -> None:
    scores = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(1)).to(dtype)
    value = torch.randn(2, 3, 7, 4, generator=torch.Generator().manual_seed(2)).to(dtype)

    def run(product):
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        leaves = [each.clone().requires_grad_() for each in (scores, value)]
        torch.manual_seed(3)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            out = product(torch.softmax(leaves[0], -1), leaves[1])
        weight = torch.linspace(-1, 1, out.numel()).view_as(out).to(dtype)
        return [out, *torch.autograd.grad((out * weight).sum(), leaves)], sum(kept.values())

    wanted, more = run(lambda weights, value: dropout(weights, 0.3) @ value)
    found, least = run(lambda weights, value: dropped_product(weights, 0.3, value))
    for own, each in zip(found, wanted, strict=True):
        torch.testing.assert_close(own, each, rtol=1e-6, atol=1e-6)
    assert torch.equal(found[0], wanted[0])
    assert more - least == scores.numel() * scores.element_size()


def test_the_product_s_gradient_has_a_gradient() -> None:
    weights, value = torch.rand(2, 3, 4, requires_grad=True), torch.randn(2, 4, 3, requires_grad=True)

    def second(product) -> tuple[torch.Tensor, ...]:
        torch.manual_seed(3)
        first = torch.autograd.grad((product(weights, value) ** 2).sum(), (weights, value), create_graph=True)
        return torch.autograd.grad(sum((each**2).sum() for each in first), (weights, value))

    wanted = second(lambda weights, value: dropout(weights, 0.3) @ value)
    found = second(lambda weights, value: dropped_product(weights, 0.3, value))
    for own, each in zip(found, wanted, strict=True):
        torch.testing.assert_close(own, each)
