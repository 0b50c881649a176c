"""Training: every parameter gets a gradient, equal to the reference's; dropout acts where the reference has it."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from torso.checkpoint.save import hub_tensors
from torso.padded import PaddedModel

from .families import FAMILIES
from .reference import Padded, Reference, batch


def objective(out, given: Padded) -> Tensor:
    """A scalar that every part of the output enters: the loss, or for features a fixed sum."""
    if "loss" in out:
        return out["loss"]
    rows = out["last_hidden_state"][given.here]
    return (rows * torch.linspace(-1, 1, rows.numel()).view(rows.shape)).mean() + out["pooler_output"].square().mean()


def gradients(padded: PaddedModel) -> Mapping[str, Tensor]:
    """Each gradient under the Hub's name of its weight."""
    bearer = copy.deepcopy(padded.model)
    for mine, theirs in zip(bearer.parameters(), padded.model.parameters(), strict=True):
        assert theirs.grad is not None
        mine.data = theirs.grad.clone()
    return hub_tensors(bearer)


@pytest.mark.configs("plain", "drawn")
def test_every_parameter_gets_the_reference_s_gradient(model_type, case, config, reference, deviations) -> None:
    made: Reference = reference(model_type, config, case)
    # transformers keeps the row of the padding token from learning, even where it stands as a token of the text.
    given = batch(made, "none" if made.case.labels == "span" else "right", without=made.config.pad_token_id)
    ours_model = made.torso()
    objective(ours_model(**given.shared), given).backward()
    made.model.zero_grad()
    objective(made.model(**given.for_transformers), given).backward()
    theirs = dict(made.model.named_parameters(remove_duplicate=False))
    for name, parameter in ours_model.named_parameters():
        assert parameter.grad is not None, name
    for key, mine in gradients(ours_model).items():
        deviations.close(f"gradients: {case}", mine, theirs[key].grad)
        # A bias common to all that compete in a softmax learns nothing: there, both hold rounding errors alone.
        assert mine.abs().max() > 0 or theirs[key].grad.abs().max() < 1e-6, key


def dropped(names: tuple[str, ...], chance: float) -> dict[str, float]:
    return dict.fromkeys(names, chance)


def test_dropout_acts_exactly_where_the_reference_has_it(model_type, case, reference) -> None:
    """With a chance of 1 nothing is left to chance: what one kind of dropout takes away can be compared exactly."""
    made: Reference = reference(model_type, "plain", case)
    given = batch(made, "none")
    every = FAMILIES[model_type].dropouts
    for name in every:
        chances = {**dropped(every, 0.0), name: 1.0}
        ours_model = made.torso(changes=chances)
        ours_model.train()
        theirs_model = type(made.model).from_pretrained(made.folder, attn_implementation="eager", **chances).train()
        with torch.no_grad():
            ours = ours_model(**given.shared, output_hidden_states=True)
            theirs = theirs_model(**given.for_transformers, output_hidden_states=True)
        for mine, other in zip(ours.hidden_states, theirs.hidden_states, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)
        for key in {*ours.keys()} - {"hidden_states"}:
            torch.testing.assert_close(
                ours[key], theirs[key], rtol=1e-5, atol=1e-5, msg=lambda text, about=(name, key): f"{about}: {text}"
            )


def test_dropout_is_live_in_training_and_silent_in_evaluation(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given = batch(made, "right")
    model = made.torso(changes=dropped(FAMILIES[model_type].dropouts, 0.3))
    with torch.no_grad():
        first, again = (model(**given.shared).last_hidden_state for _ in range(2))
        model.train()
        torch.manual_seed(0)
        one = model(**given.shared).last_hidden_state
        other = model(**given.shared).last_hidden_state
        torch.manual_seed(0)
        repeated = model(**given.shared).last_hidden_state
    assert first.equal(again)
    assert not one.equal(other)
    assert not one.equal(first)
    assert one.equal(repeated), "the same seed drops the same units"


def test_a_step_of_training_lowers_the_loss(model_type, case, reference) -> None:
    made: Reference = reference(model_type, "plain", case)
    given, model = batch(made, "right"), made.torso().train()
    model.model.set(dropped(FAMILIES[model_type].dropouts, 0.0))
    step = torch.optim.SGD(model.parameters(), lr=1e-3)
    before = objective(model(**given.shared), given)
    before.backward()
    step.step()
    assert objective(model(**given.shared), given) < before
