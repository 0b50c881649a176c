"""Every family with every head that the kernels run, beside PyTorch: outputs, layers and weights of attention."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from torso import Model, Task, new_model
from torso.batch import from_host
from torso.engines.compiling import exactly, unsupported_reason
from torso.engines.model_source import source_of
from torso.host_batch import HostBatch, Wanted
from torso.kernels import about
from torso.outputs import Hidden

from .families import FAMILIES, registered
from .families.kinds import CASES
from .reference import close

pytestmark = pytest.mark.skipif(about().instruction_set is None, reason=f"there are no kernels: {about().reason}")


class Text:
    def __init__(self, ids: list[int], segments: list[int]) -> None:
        self.ids, self.segments = ids, segments


def host_batch(model: Any) -> HostBatch:
    """Texts of several lengths, with rows that are asked for, in two questions' worth of alternatives."""
    embed, dice = model.description.trunk.embed, np.random.default_rng(7)
    most = min(9, model.max_tokens or 9)
    texts = [
        Text(dice.integers(2, embed.vocabulary, size).tolist(), dice.integers(0, embed.segments or 1, size).tolist())
        for size in (most, 1, 4, most - 2)
    ]
    packed = HostBatch.of(texts)
    return HostBatch(packed.numbers, packed.bounds, packed.sizes, np.array([0, 2, most]), (1, 3))


# The configs of the contract are small to be odd, and the kernels take heads of whole dwords of eight-bit numbers.
WIDTHS = (
    *("hidden_size", "intermediate_size", "embedding_size", "head_dim", "attention_head_size", "dim", "hidden_dim"),
    *("n_embd", "n_inner"),
)


def every() -> list[tuple[str, str, str]]:
    """Each family with each of its configs and each of its heads."""
    return [
        (model_type, config, case)
        for model_type, family in FAMILIES.items()
        for config in family.configs
        for case, head in CASES.items()
        if head.task in registered()[model_type].tasks and head.task not in (Task.CAUSAL_LM, Task.SEQ2SEQ_LM)
    ]


def widened(values: Any) -> dict[str, Any]:
    if "short_factor" in str(values):
        return dict(values)  # a factor per plane of its own heads, and no other
    return {name: 4 * value if name in WIDTHS and value is not None else value for name, value in values.items()}


@torch.no_grad()
def made(model_type: str, config: str, case: str) -> Model[Any]:
    """A random model whose norms and biases are other than they are born."""
    family, head = FAMILIES[model_type], CASES[case]
    values = {**widened(family.configs[config]), **head.values, **family.values.get(case, {})}
    model = new_model(registered()[model_type].config(**values, initializer_range=0.1), head.task, seed=3).eval()
    for parameter in model.parameters():
        if parameter.ndim < 2:
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(4))
    return model


@pytest.mark.parametrize(("family", "settings", "head"), every())
def test_it_gives_the_same(family, settings, head) -> None:
    model = made(family, settings, head)
    reason = unsupported_reason(model.description, model.task)
    if reason is not None:
        pytest.skip(reason)
    compiled, host = exactly(source_of(model)), host_batch(model)
    depth = compiled.encoder.depth
    pools = ("first", "last") if model.task is Task.FEATURES else (compiled.pool,)
    for wanted in (Wanted(), *(Wanted(pool) for pool in pools if pool is not None)):
        for asked in ({}, dict(hidden_states=range(depth + 1), attentions=range(depth))):
            got = compiled.run(host, wanted, **asked)
            with torch.no_grad():
                expected = model(from_host(host, wanted), **asked)
            assert type(got) is type(expected)
            for name, own, its in pairs(got, expected):
                close(torch.from_numpy(np.asarray(own)), its, f"{family} {head} {name}")


@pytest.mark.parametrize(("family", "settings", "head"), [each for each in every() if each[1] == "plain"])
def test_a_text_has_the_same_bits_in_any_company(family, settings, head) -> None:
    model = made(family, settings, head)
    reason = unsupported_reason(model.description, model.task)
    if reason is not None or model.task is Task.MULTIPLE_CHOICE:
        pytest.skip(reason or "one score of several texts")
    compiled, host = exactly(source_of(model)), host_batch(model)
    host = HostBatch(host.numbers, host.bounds, host.sizes)
    whole = [np.asarray(own) for _, own, _ in pairs(compiled.run(host), compiled.run(host))]
    for n, (start, end) in enumerate(pairwise(host.starts.tolist())):
        one = HostBatch(
            np.ascontiguousarray(host.numbers[:, start:end]),
            np.array([0, end - start] * 2, np.int32)[[0, 1, 1]],
            (end - start,),
        )
        for together, (_, alone, _) in zip(whole, pairs(compiled.run(one), compiled.run(one)), strict=True):
            own = together[start:end] if len(together) == len(host.tokens) else together[n : n + 1]
            assert np.array_equal(own, alone)


def pairs(got: Any, expected: Any) -> list[tuple[str, Any, torch.Tensor]]:
    """The arrays of an output beside the tensors of another."""
    found: list[tuple[str, Any, torch.Tensor]] = []
    for each in fields(got):
        own, its = getattr(got, each.name), getattr(expected, each.name)
        if isinstance(its, Hidden):
            found.append(("rows", own.rows, its.rows))
            assert own.layout.sizes == its.layout.sizes
            assert (sorted(own.hidden_states), sorted(own.attentions)) == (
                sorted(its.hidden_states),
                sorted(its.attentions),
            )
            found += [(f"layer {i}", own.hidden_states[i], its.hidden_states[i]) for i in its.hidden_states]
            for i, weights in its.attentions.items():
                found += [(f"attention {i}", a, b) for a, b in zip(own.attentions[i], weights, strict=True)]
        elif isinstance(its, torch.Tensor | np.ndarray):
            found.append((each.name, own, its))
        else:
            assert own == its
    return found
