"""Parity with transformers in fp32: every hidden layer, attentions, pooled output, logits and loss, however padded."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import pytest
import torch
from torch import Tensor

from torso.architecture import Task
from torso.nn import Mixture, Sinks, StackedMixture

from .families import FAMILIES
from .reference import IGNORED, TARGETS, Deviations, Padded, Reference, batch, close, reference_class

WITH_SINKS = ("gpt_oss",)
"""Families whose tokens give a part of their attention to a sink; of all others each token's weights sum to 1."""


@pytest.mark.parametrize("side", ["right", "left", "none"])
def test_outputs_equal(model_type, config, case, side, reference, deviations) -> None:
    made: Reference = reference(model_type, config, case)
    given = batch(made, side)
    ours_model = made.shared
    with torch.no_grad():
        theirs, there = made(given, output_hidden_states=True, output_attentions=True)
        aligned = made.aligned(given)
        ours = ours_model(**given.shared, output_hidden_states=True, output_attentions=True)
    what = f"{model_type} {case}"
    sides = Sides.of(given, there)
    sinks = any(isinstance(each, Sinks) for each in ours_model.packed.modules())
    assert sinks == (model_type in WITH_SINKS)
    layers = compare_layers(what, ours, theirs, sides, deviations, sinks=sinks)
    values = {name for name in theirs.keys() if name != "past_key_values" and theirs[name] not in ((), None)}  # noqa: SIM118
    assert set(ours.keys()) == values
    rest = set(ours.keys()) - layers - {"loss"}
    assert rest or case == "features"
    for name in sorted(rest):
        mine, (here, columns) = ours[name], sides.source if name.startswith("encoder") else sides.target
        # A pooled row may be as wide as the batch is long.
        if name != "pooler_output" and mine.shape[:2] == here.shape:
            deviations.close(f"{what} {name}", mine[here], theirs[name][columns])
            assert not mine[~here].any(), "places of padding are zeros"
        else:
            deviations.close(f"{what} {name}", mine, aligned[name])
    if "loss" in ours and not (made.case.labels == "span" and side != "none"):
        deviations.close(f"{what} loss", ours.loss, aligned.loss)


@dataclass(frozen=True)
class Sides:
    """Where the tokens of each side are, in ours and in the reference's columns: what is read, and targets."""

    source: tuple[Tensor, Tensor]
    target: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, given: Padded, there: Tensor) -> Sides:
        """Targets are padded on the right on both sides; without targets a decoder reads the source."""
        source = (given.here, there)
        targets = targets_in(given)
        return cls(source, source if targets is None else (targets, targets))


def targets_in(given: Padded) -> Tensor | None:
    """Where the tokens of the targets are that a batch gives, as ids or as labels."""
    if "decoder_attention_mask" in given.shared:
        return given.shared["decoder_attention_mask"].bool()
    labels = given.shared.get("labels")
    if labels is not None and labels.ndim == 2 and labels.shape[1] == TARGETS:
        return labels != IGNORED
    return None


def compare_layers(
    what: str, ours: Any, theirs: Any, sides: Sides, deviations: Deviations, *, sinks: bool = False
) -> set[str]:
    """Holds every layer that the reference gives to ours; gives the names of the fields.

    With ``sinks`` a part of each token's weights goes to a sink.
    """
    fields = {
        "hidden_states": (sides.target, None),
        "decoder_hidden_states": (sides.target, None),
        "encoder_hidden_states": (sides.source, None),
        "attentions": (sides.target, sides.target),
        "decoder_attentions": (sides.target, sides.target),
        "encoder_attentions": (sides.source, sides.source),
        "cross_attentions": (sides.target, sides.source),
    }
    compared = {name for name in fields if name in ours}
    assert len(compared) in (2, 5)
    for name in compared:
        queries, keys = fields[name]
        assert len(ours[name]) == len(theirs[name]), name
        for mine, other in zip(ours[name], theirs[name], strict=True):
            if keys is None:
                deviations.close(f"{what} {name}", mine[queries[0]], other[queries[1]])
                assert not mine[~queries[0]].any()
                continue
            here, there = ((q[:, :, None] & k[:, None, :])[:, None] for q, k in zip(queries, keys, strict=True))
            chosen = here.expand_as(mine)
            deviations.close(f"{what} {name}", mine[chosen], other[there.expand_as(other)])
            assert not mine[~chosen].any()
            sums: Tensor = mine.sum(-1)
            whole = queries[0][:, None].expand_as(sums).float()
            if sinks:
                assert (sums < whole + 1e-5)[whole > 0].all()
                assert sums[whole > 0].min() < 1 - 1e-4, "nothing goes to a sink"
                assert (sums > 0)[whole > 0].all()
                assert not sums[whole == 0].any()
            else:
                torch.testing.assert_close(sums, whole)
    return compared


@pytest.mark.needs("span")
def test_the_loss_of_a_span_is_that_of_each_text_alone(model_type, reference) -> None:
    """In the reference, places of padding compete for the answer and its loss depends on them; here it does not."""
    made: Reference = reference(model_type, "plain", "span")
    model = made.shared
    losses = []
    for side in ("right", "left"):
        given = batch(made, side)
        with torch.no_grad():
            whole = model(**given.shared).loss
            alone = [
                made.model(
                    **{
                        name: value[n : n + 1, here]
                        for name, value in given.shared.items()
                        if name in ("input_ids", "token_type_ids")
                    },
                    start_positions=(given.shared["start_positions"][n] - here.int().argmax()).view(1),
                    end_positions=(given.shared["end_positions"][n] - here.int().argmax()).view(1),
                ).loss
                for n, here in enumerate(given.here)
            ]
        close(whole, torch.stack(alone).mean())
        losses.append(whole)
    assert losses[0] != losses[1], "the two batches hold different texts"


@pytest.mark.needs("span")
@pytest.mark.parametrize(("start", "end"), [(0, 40), (40, 0), (40, 40), (9, 2)])
def test_places_outside_a_text_do_not_count(model_type, start, end, reference) -> None:
    made: Reference = reference(model_type, "plain", "span")
    given = batch(made, "none", with_labels=False)
    starts, ends = torch.tensor([1, 2, 3, 4, 5, start]), torch.tensor([1, 2, 3, 4, 5, end])
    with torch.no_grad():
        ours = made.shared(**given.shared, start_positions=starts, end_positions=ends).loss
        theirs = made.model(**given.shared, start_positions=starts, end_positions=ends).loss
    close(ours, theirs)


def test_layers_asked_for_and_not_are_the_same_numbers(model_type, config, reference) -> None:
    """Asking for attention weights takes another backend: the numbers must not depend on it."""
    made: Reference = reference(model_type, config, "features")
    given, model = batch(made, "right"), made.shared
    with torch.no_grad():
        without = model(**given.shared)
        with_weights = model(**given.shared, output_attentions=True)
    close(with_weights.last_hidden_state, without.last_hidden_state)
    assert not any(name.endswith("attentions") for name in without.keys())  # noqa: SIM118  it iterates over tensors


def test_no_mask_and_no_segments_mean_all_tokens_and_the_first_segment(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given, model = batch(made, "none"), made.shared
    ids = given.shared["input_ids"]
    more = {name: value for name, value in given.shared.items() if name.startswith("decoder")}
    with torch.no_grad():
        short = model(ids, **more).last_hidden_state
        # GPT reads segments as tokens, and none is not the same as token 0.
        segments = None if model_type in ("gpt2", "openai-gpt", "gptj", "gpt_neo") else torch.zeros_like(ids)
        long = model(ids, torch.ones_like(ids), segments, **more).last_hidden_state
        theirs = made.model(ids, **more).last_hidden_state
    assert short.equal(long)
    here = more.get("decoder_attention_mask", torch.ones_like(ids)).bool()
    close(short[here], theirs[here])


@pytest.mark.configs("plain")
def test_the_table_says_which_take_positions(model_type, config) -> None:
    forward = reference_class(model_type, Task.FEATURES).forward
    assert FAMILIES[model_type].positions == ("position_ids" in signature(forward).parameters)


@pytest.mark.needs("position_ids")
def test_positions_given_are_followed(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given, model = batch(made, "right"), made.shared
    places = torch.randint(0, 16, given.here.shape)
    there, ids = places + made.offset, given.shared
    with torch.no_grad():
        ours = model(**ids, position_ids=there).last_hidden_state
        theirs = made.model(**ids, position_ids=there).last_hidden_state
        row = model(**ids, position_ids=there[:1]).last_hidden_state
        their_row = made.model(**ids, position_ids=there[:1].expand_as(places)).last_hidden_state
    close(ours[given.here], theirs[given.here])
    close(row[given.here], their_row[given.here])


@pytest.mark.configs("plain")
def test_half_precision_is_as_near_as_the_reference_s(model_type, case, config, reference, deviations) -> None:
    """In bfloat16 both round, each in its own order: neither may be further from float32 than rounding explains."""
    made: Reference = reference(model_type, config, case)
    given = batch(made, "right", with_labels=made.case.labels == "targets")
    with torch.no_grad():
        exact = made.shared(**given.shared)
        ours = made.torso(dtype=torch.bfloat16)(**given.shared)
    name = "logits" if "logits" in ours else "start_logits" if "start_logits" in ours else "last_hidden_state"
    assert ours[name].dtype == torch.bfloat16
    mine, wanted = ours[name].float().flatten(0, -2), exact[name].flatten(0, -2)
    # A token between two experts may go to the other one: of a mixture's rows most are as near.
    mixes = any(isinstance(each, (Mixture, StackedMixture)) for each in made.shared.packed.modules())
    rows = [(each, other) for each, other in zip(mine, wanted, strict=True) if other.any()]
    if mixes and len(rows) > 1:
        rows.sort(key=lambda pair: float((pair[0] - pair[1]).norm() / pair[1].norm()))
        rows = rows[: (len(rows) + 1) // 2]
    mine, wanted = (torch.cat(each) for each in zip(*rows, strict=True))
    apart = float((mine - wanted).norm() / wanted.norm())
    deviations.largest[f"{model_type} bfloat16, relative"] = max(
        apart, deviations.largest.get(f"{model_type} bfloat16, relative", 0.0)
    )
    assert apart < 0.05
    assert float(torch.cosine_similarity(mine, wanted, 0)) > 0.998
