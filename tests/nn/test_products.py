"""The product of linear layers: the same bits in any company, thread and number of threads, and PyTorch's otherwise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from torso.kernels import about
from torso.nn.batch_invariant import product, rowwise_products

SHAPES = [(1, 1), (2, 768), (5, 3), (64, 17), (65, 33), (130, 1024), (7, 1030), (19, 2600)]
compiled = pytest.mark.skipif(about().instruction_set is None, reason="there are no kernels")


def drawn(outputs: int, inputs: int, count: int = 300) -> tuple[torch.Tensor, ...]:
    dice = torch.Generator().manual_seed(outputs * inputs)
    return tuple(torch.randn(size, generator=dice) for size in ((count, inputs), (outputs, inputs), (outputs,)))


@pytest.mark.parametrize(("outputs", "inputs"), SHAPES)
def test_it_is_the_product(outputs: int, inputs: int) -> None:
    x, weight, bias = drawn(outputs, inputs)
    for given in (bias, None):
        wanted = F.linear(x.double(), weight.double(), None if given is None else given.double())
        for rows in (x, x[:1], x.view(3, 100, inputs)):
            made = product(rows, weight, given)
            assert made.shape == (*rows.shape[:-1], outputs)
            torch.testing.assert_close(
                made.view(-1, outputs).double(), wanted[: made.numel() // outputs], rtol=1e-5, atol=2e-4
            )
    assert product(x[:0], weight, bias).shape == (0, outputs)


@compiled
@pytest.mark.parametrize(("outputs", "inputs"), SHAPES)
def test_a_row_is_the_same_bits_in_any_company_and_thread(outputs: int, inputs: int) -> None:
    x, weight, bias = drawn(outputs, inputs)
    whole = product(x, weight, bias)
    cuts = [(begin, begin + size) for size in (1, 2, 3, 5, 14, 64, 129) for begin in (0, 7, 300 - size)]
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            with ThreadPoolExecutor(8) as pool:
                made = pool.map(lambda cut: product(x[slice(*cut)], weight, bias), cuts)
                for cut, rows in zip(cuts, made, strict=True):
                    assert rows.equal(whole[slice(*cut)])
    finally:
        torch.set_num_threads(before)


def test_gradients_are_those_of_pytorch() -> None:
    given = [each.requires_grad_() for each in drawn(19, 33, 12)]
    out = torch.autograd.grad(product(given[0].view(3, 4, 33), *given[1:]).square().sum(), given)
    wanted = torch.autograd.grad(F.linear(*given).square().sum(), given)
    for mine, its in zip(out, wanted, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-5, atol=1e-4)
    with torch.no_grad():
        alone = product(*given)
    assert product(*given).equal(alone)


@pytest.mark.parametrize(("outputs", "inputs"), SHAPES)
def test_gradients_of_any_strides_are_the_true_ones(outputs: int, inputs: int) -> None:
    x, weight, bias = (each.requires_grad_() for each in drawn(outputs, inputs))
    dice = torch.Generator().manual_seed(3)
    whole = torch.randn(300, outputs, generator=dice)
    for gradient in (
        whole,
        torch.randn(outputs, 300, generator=dice).T,
        torch.randn(600, outputs, generator=dice)[::2],
        whole[:1].expand(300, -1),
        torch.ones(()).expand(300, outputs),
    ):
        made = torch.autograd.grad(product(x, weight, bias), (x, weight, bias), gradient)
        true = gradient.double()
        wanted = (true @ weight.double(), true.T @ x.double(), true.sum(0))
        for mine, its in zip(made, wanted, strict=True):
            torch.testing.assert_close(mine.double(), its, rtol=1e-5, atol=5e-4)


def test_gradients_of_one_row_and_of_none() -> None:
    x, weight, bias = (each.requires_grad_() for each in drawn(5, 3))
    for rows in (x[0], x[:1], x[:0]):
        made = torch.autograd.grad(product(rows, weight, bias).sum(), (x, weight, bias))
        wanted = torch.autograd.grad(F.linear(rows, weight, bias).sum(), (x, weight, bias))
        for mine, its in zip(made, wanted, strict=True):
            torch.testing.assert_close(mine, its)


def test_gradients_of_gradients_and_many_at_once_are_pytorchs() -> None:
    x, weight, bias = (each.requires_grad_() for each in drawn(5, 3, 4))
    twice = []
    for multiply in (product, F.linear):
        (first,) = torch.autograd.grad(multiply(x, weight, bias).pow(3).sum(), x, create_graph=True)
        twice.append(torch.autograd.grad(first.square().sum(), (x, weight, bias)))
    for mine, its in zip(*twice, strict=True):
        torch.testing.assert_close(mine, its)
    basis = torch.eye(20).view(20, 4, 5)
    made, wanted = (
        torch.autograd.grad(multiply(x, weight, bias), weight, basis, is_grads_batched=True)[0]
        for multiply in (product, F.linear)
    )
    torch.testing.assert_close(made, wanted)


def test_what_pytorch_must_see_is_pytorchs() -> None:
    x, weight, bias = drawn(5, 3, 4)
    plain = F.linear(x, weight, bias)
    mapped = torch.vmap(lambda row: product(row, weight, bias))(x)
    torch.testing.assert_close(mapped, plain)
    gradient = torch.func.grad(lambda weight: product(x, weight, bias).sum())(weight)
    torch.testing.assert_close(gradient, x.sum(0).expand(5, 3))
    with torch.autocast("cpu", torch.bfloat16):
        assert product(x, weight, bias).dtype == torch.bfloat16
    assert product(x.double(), weight.double(), bias.double()).dtype == torch.float64
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        product(x, weight[:, :2], bias)


def test_layers_compute_it_and_no_setting_of_the_process_changes() -> None:
    layer, x = nn.Linear(33, 19), drawn(19, 33)[0]
    seen: list[str] = []
    layer.register_forward_hook(lambda *_: seen.append(torch.backends.mkldnn.matmul.fp32_precision))
    with torch.no_grad(), rowwise_products(x, torch.float32):
        assert layer(x).equal(product(x, layer.weight, layer.bias))
    assert seen == [torch.backends.mkldnn.matmul.fp32_precision] == ["none"]


def test_without_kernels_it_is_computed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORSO_KERNELS", "0")
    x, weight, bias = drawn(65, 33)
    whole = product(x, weight, bias)
    torch.testing.assert_close(whole, F.linear(x, weight, bias), rtol=1e-5, atol=1e-4)
