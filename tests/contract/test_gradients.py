"""Training: every parameter gets a gradient, equal to the reference's; dropout acts where the reference has it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from torso.compat.padded_model import PaddedModel
from torso.loading.save import hub_name, hub_tensors

from .families import FAMILIES
from .reference import Padded, Reference, as_written, batch, close
from .test_parity import targets_in


def objective(out, given: Padded) -> Tensor:
    """A scalar that every part of the output enters: the loss, or for features a fixed sum."""
    if "loss" in out:
        return out["loss"]
    targets = given.shared.get("decoder_attention_mask", given.here)
    rows = out["last_hidden_state"][targets.bool()]
    total = (rows * torch.linspace(-1, 1, rows.numel()).view(rows.shape)).mean()
    return total + out["pooler_output"].square().mean() if "pooler_output" in out else total


def gradients(padded: PaddedModel) -> Mapping[str, Tensor]:
    """Each gradient under the Hub's name of its weight."""
    bearer = copy.deepcopy(padded.packed)
    for mine, theirs in zip(bearer.parameters(), padded.packed.parameters(), strict=True):
        if theirs.requires_grad:
            assert theirs.grad is not None
            mine.data = theirs.grad.clone()
    fixed = {
        key for name, each in bearer.named_parameters() if not each.requires_grad for key in hub_name(bearer, name)
    }
    return {key: value for key, value in hub_tensors(bearer).items() if key not in fixed}


@pytest.mark.configs("plain", "drawn")
def test_every_parameter_gets_the_reference_s_gradient(model_type, case, config, reference, deviations) -> None:
    made: Reference = reference(model_type, config, case)
    # transformers keeps the row of the padding token from learning, even where it stands as a token of the text.
    given = batch(made, "none" if made.case.labels == "span" else "right", without=made.config.pad_token_id)
    ours_model = made.torso()
    objective(ours_model(**given.shared), given).backward()
    made.model.zero_grad()
    objective(made(given)[0], given).backward()
    named = made.model.named_parameters(remove_duplicate=False)
    learned = {name: each.grad for name, each in named if each.grad is not None}
    theirs = as_written(made.model, learned)
    for name, parameter in ours_model.named_parameters():
        assert parameter.grad is not None or not parameter.requires_grad, name
    for key, mine in gradients(ours_model).items():
        deviations.close(f"gradients: {case}", mine, theirs[key])
        # A bias common to all that compete in a softmax learns nothing: there, both hold rounding errors alone.
        assert mine.abs().max() > 0 or theirs[key].abs().max() < 1e-6, key


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
        theirs_model = made.read_again(**chances).train()
        with torch.no_grad():
            ours = ours_model(**given.shared, output_hidden_states=True)
            theirs, _ = replace(made, model=theirs_model)(given, output_hidden_states=True)
        targets = targets_in(given)
        for key in ours.keys():  # noqa: SIM118  an output iterates over its tensors
            here = torch.ones_like(given.here) if targets is None or key.startswith("encoder") else targets
            for mine, other in zip(listed(ours[key]), listed(theirs[key]), strict=True):
                tokens = here if mine.shape[:2] == here.shape else ...
                close(mine[tokens], other[tokens], f"{name}, {key}")


def listed(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


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
    # Some trunks have none: theirs is before a head of labels alone.
    live = set(FAMILIES[model_type].dropouts) != {"classifier_dropout"}
    assert one.equal(other) != live
    assert one.equal(first) != live
    assert one.equal(repeated), "the same seed drops the same units"


def test_a_step_of_training_lowers_the_loss(model_type, case, reference) -> None:
    made: Reference = reference(model_type, "plain", case)
    given, model = batch(made, "right"), made.torso().train()
    model.packed.set(dropped(FAMILIES[model_type].dropouts, 0.0))
    step = torch.optim.SGD(model.parameters(), lr=1e-3)
    before = objective(model(**given.shared), given)
    before.backward()
    step.step()
    assert objective(model(**given.shared), given) < before
