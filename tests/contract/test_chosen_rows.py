"""One row of each text alone: what the last layer then leaves out changes no number of what it gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from torso import Task
from torso.errors import UnsupportedError
from torso.nn import FeedForward, GatedFeedForward, Mixture, StackedMixture
from torso.outputs import Features

from .reference import Reference, close
from .test_packing import packed, texts, with_source

pytestmark = pytest.mark.configs("plain", "drawn")


def rows_through(model: nn.Module, run) -> tuple[object, list[int]]:
    """What is given, and how many rows went through each feed-forward on the way."""
    seen: list[int] = []
    # What is within a mixture sees the rows that its router sends there.
    within = {id(each) for mixture in model.modules() if isinstance(mixture, Mixture) for each in mixture.modules()}
    hooks = [
        each.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
        for name, each in model.named_modules()
        # Of a block with several, the last.
        if isinstance(each, (Mixture, StackedMixture))
        or (isinstance(each, (FeedForward, GatedFeedForward)) and id(each) not in within and name.endswith(".ffn"))
    ]
    with torch.no_grad():
        out = run()
    for hook in hooks:
        hook.remove()
    return out, seen


@pytest.mark.parametrize("only", ["first", "last"])
def test_features_of_one_row_are_those_of_the_whole(model_type, config, only, reference) -> None:
    made: Reference = reference(model_type, config, "features")
    model, chosen = made.shared.packed, texts(made)
    batch = with_source(chosen) if made.two_sided else packed(chosen)
    whole, every = rows_through(model, lambda: model(batch))
    some, through = rows_through(model, lambda: model(replace(batch, pool=only)))
    assert isinstance(whole, Features)
    assert isinstance(some, Features)
    rows: Tensor = batch.layout.first() if only == "first" else batch.layout.last()
    close(some.hidden.rows, whole.hidden.rows[rows], f"{only} rows")
    assert some.hidden.layout.sizes == (1,) * len(chosen)
    # Not the batch's: RoBERTa counts ids that are not padding.
    assert some.hidden.layout.positions.equal(whole.hidden.layout.positions[rows])
    if whole.pooled_or_none is not None and only == "first":
        close(some.pooled, whole.pooled, "pooled")
    # The last block computes a row of each text, and those before it all of them.
    assert through == [*every[:-1], len(chosen)]


@pytest.mark.labels("number", "numbers", "class", "classes", "choice")
def test_scores_follow_from_the_row_that_the_head_reads(model_type, config, case, reference) -> None:
    made: Reference = reference(model_type, config, case)
    model, chosen = made.shared.packed, texts(made)
    batch = packed(chosen)
    whole, every = rows_through(model, lambda: model(batch))
    some, through = rows_through(model, lambda: model(replace(batch, pool=model.head.pool)))
    close(some.logits, whole.logits, "logits")
    assert through == (every if model.head.pool is None else [*every[:-1], len(chosen)])


def test_layers_that_somebody_looks_into_are_whole(model_type, config, reference) -> None:
    made: Reference = reference(model_type, config, "features")
    model, chosen = made.shared.packed, texts(made)
    batch = with_source(chosen) if made.two_sided else packed(chosen)
    depth = model.trunk.depth
    with torch.no_grad():
        whole = model(batch, hidden_states=[depth], attentions=[depth - 1]).hidden
        some = model(replace(batch, pool="first"), hidden_states=[depth], attentions=[depth - 1]).hidden
    assert some.hidden_states[depth].equal(whole.hidden_states[depth])
    assert some.rows.equal(whole.rows[batch.layout.first()])
    assert all(map(torch.equal, some.attentions[depth - 1], whole.attentions[depth - 1]))


@pytest.mark.configs("plain")
@pytest.mark.labels("class")
def test_a_head_refuses_rows_that_it_does_not_read(model_type, case, reference) -> None:
    made: Reference = reference(model_type, "plain", case)
    model = made.shared.packed
    other = "last" if model.head.pool == "first" else "first"
    assert model.task is not Task.FEATURES
    with pytest.raises(UnsupportedError, match="alone") as refused:
        model(replace(packed(texts(made)), pool=other))
    assert refused.value.code == "E_ROWS"
