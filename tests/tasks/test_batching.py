from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torso
from torso.architecture import Task
from torso.engines.runner import by_length, run
from torso.engines.torch_runner import TorchRunner, lists
from torso.errors import InputError


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 40)), st.integers(1, 100))
def test_every_index_is_in_one_group_within_the_budget(sizes: list[int], budget: int) -> None:
    groups = by_length(sizes, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(sizes)))
    for group in groups:
        assert sum(sizes[index] for index in group) <= budget or len(group) == 1
    flat = [sizes[index] for group in groups for index in group]
    assert flat == sorted(flat, reverse=True)


@pytest.fixture(scope="module")
def model() -> torso.Model[torso.tasks.Label]:
    return torso.new_model(torso.BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                                            intermediate_size=32, num_labels=3),
                       Task.SEQUENCE_CLASSIFICATION, seed=3)  # fmt: skip


def encodings(count: int) -> Iterator[torso.Encoding]:
    for index in range(count):
        ids = [5 + (index * 7 + step) % 50 for step in range(1 + index % 9)]
        size = len(ids)
        yield torso.Encoding(ids, [0] * size, [(0, 0)] * size, [""] * size, [False] * size, [0] * size, [0] * size)


def test_results_come_in_order_whatever_the_budget(model: torso.Model) -> None:
    alone = [lists(model.eval()(torso.pack([each])).logits.detach())[0] for each in encodings(40)]
    for budget in (1, 7, 64, 4096):
        rows = list(run(TorchRunner(model), encodings(40), lambda out, _: lists(out.logits), budget=budget))
        torch.testing.assert_close(torch.tensor(rows), torch.tensor(alone), rtol=1e-5, atol=1e-6)


def test_an_iterator_is_read_a_bounded_way_ahead(model: torso.Model) -> None:
    taken = 0

    def counted() -> Iterator[torso.Encoding]:
        nonlocal taken
        for each in encodings(100_000):
            taken += 1
            yield each

    results = run(TorchRunner(model), counted(), lambda out, _: lists(out.logits), budget=32)
    next(results)
    assert taken < 16 * 32


def test_modes_do_not_leak_to_the_caller(model: torso.Model) -> None:
    model.train()
    results = run(TorchRunner(model), encodings(5), lambda out, _: [out.logits.requires_grad] * len(out.logits))
    assert next(results) is False
    assert not torch.is_inference_mode_enabled()
    assert model.training


def test_a_budget_below_one_is_refused(model: torso.Model) -> None:
    with pytest.raises(InputError, match="E_ARGUMENT"):
        next(run(TorchRunner(model), encodings(1), lambda out, _: lists(out.logits), budget=0))
