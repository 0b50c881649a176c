"""Backends agree with the definition over a grid of lengths, rules, heads and biases; what they cannot do raises."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest
import torch
from torch import Tensor

from torso import Layout
from torso.errors import UnsupportedError
from torso.kernels.training_attention import is_there
from torso.nn import Rule, attend
from torso.nn.attend_backends import BACKENDS
from torso.nn.trained_attention import TRAINED
from torso.nn.varlen import VARLEN

from .plain import attention

CUDA = torch.cuda.is_available()
needs_kernels = pytest.mark.skipif(not is_there(), reason="torso was installed without its compiled kernels")
LENGTHS = {
    "one": ((1,), (1,)),
    "equal": ((4, 4, 4), (4, 4, 4)),
    "ragged": ((5, 1, 3, 5, 2), (5, 1, 3, 5, 2)),
    "apart": ((2, 7, 2), (2, 7, 2)),  # equal lengths that do not lie side by side
    "fewer-queries": ((1, 2, 1, 3), (4, 2, 9, 5)),
    "one-query-each": ((1, 1, 1), (6, 6, 6)),
    "an-empty-one": ((3, 0, 2), (3, 4, 2)),
}
RULES = {
    "all": Rule(),
    "causal": Rule(right=0),
    "window": Rule(left=2, right=0),
    "local": Rule(left=1, right=1),
    "later-only": Rule(left=0),
    "scaled": Rule(scale=1.0),
    "scaled-causal": Rule(right=0, scale=0.3),
}
HEADS = {"one": (1, 1), "several": (4, 4), "grouped": (6, 2), "shared": (4, 1)}


@dataclass(frozen=True)
class Slopes:
    """A bias of distance alone, as ALiBi's; [1, H, a, b]."""

    heads: int

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        distance = (k_positions[:1, None, :] - q_positions[:1, :, None]).to(q.dtype)
        slopes = torch.arange(1, self.heads + 1, dtype=q.dtype)[:, None, None] / 7
        return (-slopes * distance.abs())[None]


@dataclass(frozen=True)
class ByContent:
    """A bias that depends on queries and keys, as DeBERTa's; [n, H, a, b]."""

    def scores(self, q: Tensor, k: Tensor, q_positions: Tensor, k_positions: Tensor) -> Tensor:
        assert k.shape[1] == q.shape[1], "every query head has its key head"
        return (
            torch.sin(q.sum(-1))[..., :, None] * torch.cos(k.sum(-1))[..., None, :] + 0.1 * k_positions[:, None, None]
        )


def rows(count: int, heads: int, size: int = 8, seed: int = 0) -> Tensor:
    return torch.randn(count, heads, size, generator=torch.Generator().manual_seed(seed))


def layout(sizes: tuple[int, ...], keys: tuple[int, ...] | None = None) -> Layout:
    """Sequences end to end; as queries of longer ``keys``, their positions are those of the last keys."""
    made = Layout.of(sizes)
    if keys is not None:
        made.positions.add_(torch.repeat_interleave(torch.tensor(keys) - torch.tensor(sizes), torch.tensor(sizes)))
    return made


def expected(
    q: Tensor, k: Tensor, v: Tensor, queries: Layout, keys: Layout, rule: Rule, bias=None
) -> tuple[Tensor, list]:
    outs, weights = [], []
    pieces = zip(q.split(queries.sizes), k.split(keys.sizes), v.split(keys.sizes), strict=True)
    places = zip(queries.positions.split(queries.sizes), keys.positions.split(keys.sizes), strict=True)
    for (one_q, one_k, one_v), (at, of) in zip(pieces, places, strict=True):
        added = None
        if bias is not None:
            share = one_q.shape[1] // one_k.shape[1]
            by_head = one_k.repeat_interleave(share, 1).transpose(0, 1)[None]
            added = bias.scores(one_q.transpose(0, 1)[None], by_head, at[None], of[None])[0]
        out, weight = attention(one_q, one_k, one_v, rule, added)
        outs.append(out)
        weights.append(weight)
    return torch.cat(outs), weights


@pytest.mark.parametrize("backend", ["reference", "sdpa"])
@pytest.mark.parametrize(("lengths", "rule", "heads"), [*product(LENGTHS, RULES, HEADS)])
def test_agrees_with_the_definition(backend, lengths, rule, heads) -> None:
    (a, b), (h, g) = LENGTHS[lengths], HEADS[heads]
    queries, keys = layout(a, b), layout(b)
    q, k, v = rows(sum(a), h, seed=1), rows(sum(b), g, seed=2), rows(sum(b), g, seed=3)
    out = attend(q, k, v, queries, keys, RULES[rule], backend=backend)
    wanted, _ = expected(q, k, v, queries, keys, RULES[rule])
    assert out.shape == q.shape
    torch.testing.assert_close(out.double(), wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("backend", ["reference", "sdpa"])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("rule", ["all", "window"])
@pytest.mark.parametrize(
    ("bias", "heads"), [(Slopes(4), (4, 4)), (ByContent(), (4, 4)), (Slopes(6), (6, 2)), (ByContent(), (6, 2))]
)
def test_a_bias_is_added_to_the_scores(backend, lengths, rule, bias, heads) -> None:
    a, b = LENGTHS[lengths]
    queries, keys = layout(a, b), layout(b)
    q, k, v = rows(sum(a), heads[0], seed=1), rows(sum(b), heads[1], seed=2), rows(sum(b), heads[1], seed=3)
    out = attend(q, k, v, queries, keys, RULES[rule], bias, backend=backend)
    wanted, _ = expected(q, k, v, queries, keys, RULES[rule], bias)
    torch.testing.assert_close(out.double(), wanted, rtol=2e-5, atol=2e-6)
    without, _ = expected(q, k, v, queries, keys, RULES[rule])
    assert lengths == "one" or not torch.allclose(out.double(), without, atol=1e-3)


@pytest.mark.parametrize("rule", [Rule(softcap=2.0), Rule(softcap=0.5, right=0), Rule(softcap=1.0, scale=3.0, left=1)])
def test_a_cap_is_the_reference_s_alone(rule) -> None:
    sizes = (5, 2, 5)
    q, k, v, where = rows(12, 4, seed=1), rows(12, 2, seed=2), rows(12, 2, seed=3), layout(sizes)
    wanted, _ = expected(q, k, v, where, where, rule)
    torch.testing.assert_close(attend(q, k, v, where, where, rule).double(), wanted, rtol=2e-5, atol=2e-6)
    with pytest.raises(UnsupportedError, match=r"sdpa: the scores are capped.*E_ATTENTION"):
        attend(q, k, v, where, where, rule, backend="sdpa")


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("rule", ["all", "local"])
def test_weights_are_those_of_each_sequence_in_order(lengths, rule) -> None:
    a, b = LENGTHS[lengths]
    queries, keys = layout(a, b), layout(b)
    q, k, v = rows(sum(a), 6, seed=1), rows(sum(b), 2, seed=2), rows(sum(b), 2, seed=3)
    weights: list[Tensor] = []
    attend(q, k, v, queries, keys, RULES[rule], weights=weights)
    _, wanted = expected(q, k, v, queries, keys, RULES[rule])
    assert len(weights) == len(a)
    for mine, other in zip(weights, wanted, strict=True):
        if mine.numel():
            torch.testing.assert_close(mine.double(), other, rtol=2e-5, atol=2e-6)
            torch.testing.assert_close(mine.sum(-1), torch.ones(mine.shape[:-1]))


def test_sequences_of_a_cache_with_room_do_not_see_the_room() -> None:
    """Regions of keys may be longer than what is used of them: starts are multiples of a capacity."""
    sizes, capacity = (3, 5, 1), 8
    rows_of = torch.cat([torch.arange(n * capacity, n * capacity + size) for n, size in enumerate(sizes)])
    positions = torch.arange(capacity).repeat(3)
    starts = torch.tensor([0, 8, 16, 24], dtype=torch.int32)
    roomy = Layout(starts, torch.tensor(sizes, dtype=torch.int32), positions, sizes, (0, 8, 16), 5)
    assert roomy.has_room
    q, k, v = rows(3, 4, seed=1), rows(24, 2, seed=2), rows(24, 2, seed=3)
    k[:] = torch.nan
    k[rows_of] = rows(9, 2, seed=4)
    queries, keys = layout((1, 1, 1), sizes), layout(sizes)
    for backend in ("reference", "sdpa"):
        out = attend(q, k, v, queries, roomy, Rule(right=0), backend=backend)
        tight, _ = expected(q, k[rows_of], v[rows_of], queries, keys, Rule(right=0))
        torch.testing.assert_close(out.double(), tight, rtol=2e-5, atol=2e-6)


def test_dropout_takes_weights_away_and_keeps_the_mean() -> None:
    where = layout((64,))
    q, k = torch.zeros(64, 1, 4), torch.zeros(64, 1, 4)
    v = torch.ones(64, 1, 4)
    for backend in ("reference", "sdpa"):
        torch.manual_seed(0)
        out = attend(q, k, v, where, where, Rule(dropout=0.5), backend=backend)
        assert out.std() > 0.01
        assert abs(float(out.mean()) - 1) < 0.1
        nothing = attend(q, k, v, where, where, Rule(dropout=1.0), backend=backend)
        assert not nothing.any()


@pytest.mark.parametrize(
    ("rule", "bias", "dtype", "size", "reason"),
    [
        (Rule(), None, torch.bfloat16, 8, "it runs on CUDA only"),
        (Rule(dropout=0.1), None, torch.bfloat16, 8, "it runs on CUDA only"),
    ],
)
def test_varlen_says_why_not_on_a_cpu(rule, bias, dtype, size, reason) -> None:
    q, where = rows(3, 2, size).to(dtype), layout((3,))
    with pytest.raises(UnsupportedError, match=f"varlen: {reason}") as caught:
        attend(q, q, q, where, where, rule, bias, backend="varlen")
    assert caught.value.code == "E_ATTENTION"
    assert VARLEN.refuses(q, rule, bias) == reason


CARD = torch.device("cuda")


@dataclass(frozen=True)
class OnCuda:
    """What `Varlen.refuses` looks at, of a tensor on a card that need not be here."""

    dtype: torch.dtype = torch.bfloat16
    shape: tuple[int, ...] = (5, 4, 64)
    device: torch.device = CARD


@pytest.mark.parametrize(
    ("q", "rule", "bias", "capability", "reason"),
    [
        (OnCuda(), Rule(), None, (9, 0), None),
        (OnCuda(dtype=torch.float16), Rule(left=3, right=0, scale=0.1), None, (8, 0), None),
        (OnCuda(dtype=torch.float32), Rule(), None, (9, 0), "it runs in float16 and bfloat16 only"),
        (OnCuda(), Rule(dropout=0.1), None, (9, 0), "it has no dropout"),
        (OnCuda(), Rule(), Slopes(4), (9, 0), "it adds nothing to the scores"),
        (OnCuda(), Rule(softcap=1.0), None, (9, 0), "it has no cap on the scores"),
        (OnCuda(shape=(5, 4, 7)), Rule(), None, (9, 0), "its heads are multiples of 8 up to 256"),
        (OnCuda(shape=(5, 4, 264)), Rule(), None, (9, 0), "its heads are multiples of 8 up to 256"),
        (OnCuda(), Rule(), None, (7, 5), "the card is too old"),
    ],
)
def test_varlen_refuses_what_its_kernel_cannot_do(q, rule, bias, capability, reason, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: capability)
    assert VARLEN.refuses(q, rule, bias) == reason


def test_an_unknown_backend_is_refused_with_the_known_ones() -> None:
    q, where = rows(3, 2), layout((3,))
    with pytest.raises(UnsupportedError, match=r"name one of: varlen, trained, sdpa, reference"):
        attend(q, q, q, where, where, Rule(), backend="flash")


def test_the_order_in_which_backends_are_asked() -> None:
    assert [each.name for each in BACKENDS] == ["varlen", "trained", "sdpa", "reference"]


def test_nothing_to_attend_to_is_nothing() -> None:
    q, where = rows(0, 2), layout(())
    for backend in ("reference", "sdpa"):
        assert attend(q, q, q, where, where, Rule(), backend=backend).shape == (0, 2, 8)


@pytest.mark.parametrize("backend", ["reference", "sdpa"])
def test_gradients_flow_through_every_group(backend) -> None:
    a, b = LENGTHS["fewer-queries"]
    queries, keys = layout(a, b), layout(b)
    given = [
        each.double().requires_grad_() for each in (rows(sum(a), 4, 4, 1), rows(sum(b), 2, 4, 2), rows(sum(b), 2, 4, 3))
    ]

    def run(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return attend(q, k, v, queries, keys, Rule(right=0), backend=backend)

    assert torch.autograd.gradcheck(run, given)


def learning(*shapes: tuple[int, int], size: int = 8) -> list[Tensor]:
    return [rows(count, heads, size, seed).requires_grad_() for seed, (count, heads) in enumerate(shapes)]


@needs_kernels
@pytest.mark.parametrize(("lengths", "rule", "heads"), [*product(LENGTHS, RULES, HEADS)])
def test_what_learns_is_by_the_kernels_as_by_the_reference(lengths, rule, heads) -> None:
    (a, b), (h, g) = LENGTHS[lengths], HEADS[heads]
    queries, keys = layout(a, b), layout(b)
    given = learning((sum(a), h), (sum(b), g), (sum(b), g))
    assert TRAINED.refuses(given[0], RULES[rule], None) is None
    made, wanted = (attend(*given, queries, keys, RULES[rule], backend=backend) for backend in ("trained", "reference"))
    torch.testing.assert_close(made, wanted, rtol=2e-5, atol=2e-6)
    for mine, its in zip(*(torch.autograd.grad(each.square().sum(), given) for each in (made, wanted)), strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-5)


@needs_kernels
def test_what_the_kernels_do_not_train_goes_on_to_others() -> None:
    (q,), where = learning((3, 2)), layout((3,))
    asked = {
        "nothing learns": (q.detach(), Rule(), None),
        "float32 and bfloat16": (q.double(), Rule(), None),
        "adds nothing": (q, Rule(), Slopes(2)),
        "no cap": (q, Rule(softcap=2.0), None),
    }
    for reason, (rows_of, rule, bias) in asked.items():
        with pytest.raises(UnsupportedError, match=reason):
            attend(rows_of, rows_of, rows_of, where, where, rule, bias, backend="trained")
        assert attend(rows_of, rows_of, rows_of, where, where, rule, bias).shape == q.shape
    with torch.no_grad():
        assert TRAINED.refuses(q, Rule(), None) == "nothing learns"
    assert torch.func.grad(lambda x: attend(x, x, x, where, where, Rule()).sum())(q.detach()).shape == q.shape


@needs_kernels
def test_what_learns_is_rounded_as_autocast_says() -> None:
    given, where = learning((7, 2), (7, 2), (7, 2)), layout((3, 4))
    with torch.autocast("cpu", torch.bfloat16):
        made = attend(*given, where, where, Rule())
        assert made.dtype == torch.bfloat16
    made.float().square().sum().backward()
    wanted = torch.autograd.grad(attend(*given, where, where, Rule(), backend="reference").square().sum(), given)
    for each, its in zip(given, wanted, strict=True):
        assert each.grad is not None
        assert each.grad.dtype == torch.float32
        torch.testing.assert_close(each.grad, its, rtol=0.05, atol=0.03)


if CUDA:  # pragma: no cover  without a card there is nothing to collect

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    @pytest.mark.parametrize(
        ("lengths", "rule", "heads"), [*product(sorted(set(LENGTHS) - {"an-empty-one"}), RULES, HEADS)]
    )
    def test_varlen_agrees_with_the_reference(lengths, rule, heads, dtype) -> None:
        (a, b), (h, g) = LENGTHS[lengths], HEADS[heads]
        queries, keys = Layout.of(a, device=torch.device("cuda")), Layout.of(b, device=torch.device("cuda"))
        q, k, v = (rows(sum(n), m, 64, seed).to("cuda", dtype) for n, m, seed in ((a, h, 1), (b, g, 2), (b, g, 3)))
        out = attend(q, k, v, queries, keys, RULES[rule], backend="varlen")
        wanted = attend(q.float(), k.float(), v.float(), queries, keys, RULES[rule], backend="reference")
        torch.testing.assert_close(out.float(), wanted, rtol=2e-2, atol=2e-2)
        assert attend(q, k, v, queries, keys, RULES[rule]).equal(out), "it is the backend that is taken"
