"""Parity with transformers in fp32: every hidden layer, attentions, pooled output, logits and loss, however padded."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from torso.padded import PaddedModel

from .reference import Deviations, Padded, Reference, batch


@pytest.mark.parametrize("side", ["right", "left", "none"])
def test_outputs_equal(model_type, config, case, side, reference, deviations) -> None:
    made: Reference = reference(model_type, config, case)
    given = batch(made, side)
    ours_model = made.torso()
    with torch.no_grad():
        theirs = made.model(**given.for_transformers, output_hidden_states=True, output_attentions=True)
        aligned = made.model(**given.aligned)
        ours = ours_model(**given.shared, output_hidden_states=True, output_attentions=True)
    compare_layers(f"{model_type} {case}", ours, theirs, given, deviations)
    empty = {"cross_attentions"}  # a tuple of nothing, of models that have none
    assert set(ours.keys()) == set(theirs.keys()) - empty
    for name in ("pooler_output", "logits", "start_logits", "end_logits"):
        if name in ours:
            per_token = ours[name].shape[:2] == given.here.shape
            mine, other = (
                (ours[name][given.here], theirs[name][given.here]) if per_token else (ours[name], aligned[name])
            )
            deviations.close(f"{model_type} {case} {name}", mine, other)
            assert not per_token or not ours[name][~given.here].any(), "places of padding are zeros"
    if "loss" in ours and not (made.case.labels == "span" and side != "none"):
        deviations.close(f"{model_type} {case} loss", ours.loss, aligned.loss)


def compare_layers(what: str, ours: PaddedModel, theirs: object, given: Padded, deviations: Deviations) -> None:
    assert len(ours.hidden_states) == len(theirs.hidden_states)
    assert len(ours.attentions) == len(theirs.attentions)
    for mine, other in zip(ours.hidden_states, theirs.hidden_states, strict=True):
        deviations.close(f"{what} hidden", mine[given.here], other[given.here])
        assert not mine[~given.here].any()
    both = (given.here[:, :, None] & given.here[:, None, :])[:, None]
    for mine, other in zip(ours.attentions, theirs.attentions, strict=True):
        assert mine.shape == other.shape
        chosen = both.expand_as(mine)
        deviations.close(f"{what} attentions", mine[chosen], other[chosen])
        assert not mine[~chosen].any()
        sums: Tensor = mine.sum(-1)
        torch.testing.assert_close(sums, given.here[:, None].expand_as(sums).float())


def test_the_loss_of_a_span_is_that_of_each_text_alone(model_type, reference) -> None:
    """In the reference, places of padding compete for the answer and its loss depends on them; here it does not."""
    made: Reference = reference(model_type, "plain", "span")
    model = made.torso()
    losses = []
    for side in ("right", "left"):
        given = batch(made, side)
        with torch.no_grad():
            whole = model(**given.shared).loss
            alone = [
                made.model(
                    input_ids=given.shared["input_ids"][n : n + 1, here],
                    token_type_ids=given.shared["token_type_ids"][n : n + 1, here],
                    start_positions=(given.shared["start_positions"][n] - here.int().argmax()).view(1),
                    end_positions=(given.shared["end_positions"][n] - here.int().argmax()).view(1),
                ).loss
                for n, here in enumerate(given.here)
            ]
        torch.testing.assert_close(whole, torch.stack(alone).mean(), rtol=1e-5, atol=1e-5)
        losses.append(whole)
    assert losses[0] != losses[1], "the two batches hold different texts"


@pytest.mark.parametrize(("start", "end"), [(0, 40), (40, 0), (40, 40), (9, 2)])
def test_places_outside_a_text_do_not_count(model_type, start, end, reference) -> None:
    made: Reference = reference(model_type, "plain", "span")
    given = batch(made, "none", with_labels=False)
    starts, ends = torch.tensor([1, 2, 3, 4, 5, start]), torch.tensor([1, 2, 3, 4, 5, end])
    with torch.no_grad():
        ours = made.torso()(**given.shared, start_positions=starts, end_positions=ends).loss
        theirs = made.model(**given.shared, start_positions=starts, end_positions=ends).loss
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_layers_asked_for_and_not_are_the_same_numbers(model_type, reference) -> None:
    """Asking for attention weights takes another backend: the numbers must not depend on it."""
    made: Reference = reference(model_type, "three-segments" if model_type == "bert" else "plain", "features")
    given, model = batch(made, "right"), made.torso()
    with torch.no_grad():
        without = model(**given.shared)
        with_weights = model(**given.shared, output_attentions=True)
    torch.testing.assert_close(with_weights.last_hidden_state, without.last_hidden_state, rtol=1e-5, atol=1e-5)
    assert "attentions" not in without


def test_no_mask_and_no_segments_mean_all_tokens_and_the_first_segment(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given, model = batch(made, "none"), made.torso()
    ids = given.shared["input_ids"]
    with torch.no_grad():
        short = model(ids).last_hidden_state
        long = model(ids, torch.ones_like(ids), torch.zeros_like(ids)).last_hidden_state
        theirs = made.model(ids).last_hidden_state
    assert short.equal(long)
    torch.testing.assert_close(short, theirs, rtol=1e-5, atol=1e-5)


def test_positions_given_are_followed(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given, model = batch(made, "right"), made.torso()
    places = torch.randint(0, 16, given.here.shape)
    with torch.no_grad():
        ours = model(**given.shared, position_ids=places).last_hidden_state
        theirs = made.model(**given.shared, position_ids=places).last_hidden_state
        row = model(**given.shared, position_ids=places[:1]).last_hidden_state
        their_row = made.model(**given.shared, position_ids=places[:1].expand_as(places)).last_hidden_state
    torch.testing.assert_close(ours[given.here], theirs[given.here], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(row[given.here], their_row[given.here], rtol=1e-5, atol=1e-5)
