"""Mixtures of experts in the kernels: only what a row chose is read, each expert once, in any company."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from contract.families import FAMILIES, registered
from torso import blocks
from torso.architecture import Task
from torso.kernels import library as native
from torso.kernels.causal_decoder import KINDS, CausalDecoder
from torso.kernels.decoder_support import unsupported_decoder
from torso.kernels.part_weights import PartWeights
from torso.model import Model, new_model

from .test_causal_decoder import compiled, model_of, scores

TEXT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9]


def chosen(model: Model[Any], text: list[int]) -> list[set[int]]:
    """The experts that some row of a text chooses, of each mixture."""
    found: list[set[int]] = []
    routers = [each for each in model.modules() if isinstance(getattr(each, "of", None), blocks.Router)]
    hooks = [
        each.register_forward_hook(lambda _, __, out: found.append(set(out[1].flatten().tolist()))) for each in routers
    ]
    scores(model, text)
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["mixtral", "qwen2_moe", "qwen3_moe"])
def test_experts_that_no_row_chose_are_not_read(kernels, name, kind) -> None:
    """Their weights are NaN, which any product would carry on."""
    model, text = model_of(name, "plain"), [5]
    before = compiled(model, KINDS[kind]).whole([text], None)[1]
    idle = 0
    with torch.no_grad():
        for mixture, busy in zip((each.ffn for each in model.trunk.layers), chosen(model, text), strict=True):
            for number, expert in enumerate(mixture.experts):
                if number not in busy:
                    idle += 1
                    for parameter in expert.parameters():
                        parameter.fill_(torch.nan)
    assert idle
    assert np.array_equal(compiled(model, KINDS[kind]).whole([text], None)[1], before)


@pytest.mark.parametrize("kind", KINDS)
def test_more_rows_than_one_part_takes(kernels, kind) -> None:
    """Of a long prompt the rows of all experts would not fit the memory set aside for them."""
    values = {"num_experts": 96, "num_experts_per_tok": 96, "moe_intermediate_size": 64, "num_hidden_layers": 1}
    config = registered()["qwen3_moe"].config(**{**FAMILIES["qwen3_moe"].configs["plain"], **values})
    model = new_model(config, Task.CAUSAL_LM, seed=1).eval()
    decoder, text = compiled(model, KINDS[kind]), [number % 11 for number in range(2000)]
    cache = decoder.new_cache(4000)
    whole = decoder.step(cache, [0], [0], [text], [True])
    for begin in range(0, 2000, 500):
        last = begin == 1500
        pieces = decoder.step(cache, [2000], [begin], [text[begin : begin + 500]], [last])
    assert np.array_equal(whole, pieces)


def test_each_expert_is_let_go_of_before_the_next_is_read() -> None:
    model, library = model_of("mixtral", "plain"), native.library()
    assert library is not None
    weights, alive = dict(model.named_parameters(remove_duplicate=False)), list[Any]()
    most = 0

    def read(name: str) -> np.ndarray:
        nonlocal most
        made = weights[name].detach().numpy().copy()
        if ".experts." in name:
            alive.append(weakref.ref(made))
            most = max(most, sum(each() is not None for each in alive))
        return made

    CausalDecoder(library, model.description, PartWeights(model.description, read), native.FOUR_BIT_GROUPS)
    assert len(alive) == 2 * 4 * model.config.num_hidden_layers
    assert most == 1


class _OtherRouter(blocks.Router):
    """A router of another kind."""


def _other_router(mixture: blocks.Mixture) -> blocks.Mixture:
    return replace(mixture, router=_OtherRouter(24, 4, 2))


def _unlike(mixture: blocks.Mixture) -> blocks.Mixture:
    return replace(mixture, experts=[*mixture.experts[1:], blocks.GatedFeedForward(24, 41, "silu", bias=False)])


def _other_activation(mixture: blocks.Mixture) -> blocks.Mixture:
    return replace(mixture, shared=blocks.FeedForward(24, 40, "elu"))


def _within(mixture: blocks.Mixture) -> blocks.Mixture:
    return replace(mixture, shared=blocks.GatedBranch(24, mixture))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_other_router, "its router is a _OtherRouter"),
        (_unlike, "experts of unlike sizes"),
        (_other_activation, "another activation"),
        (_within, "its feed-forward is a Mixture"),
    ],
)
def test_what_is_not_known_is_told(change, reason) -> None:
    architecture = registered()["mixtral"]
    whole = architecture.describe(architecture.config(**FAMILIES["mixtral"].configs["plain"]), Task.CAUSAL_LM)
    assert isinstance(whole.trunk, blocks.Trunk)
    layers = [replace(layer, ffn=change(layer.ffn)) for layer in whole.trunk.layers]  # type: ignore[call-arg]
    assert unsupported_decoder(replace(whole, trunk=replace(whole.trunk, layers=layers))) == reason
