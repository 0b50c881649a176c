"""Every family with every head, made to run only: in float32 nothing changes but the time it takes."""

from __future__ import annotations

import pytest
import torch

from torso import optimise
from torso.engines.linear_swap import encoder_of, unfit
from torso.kernels import about

from .reference import Reference, batch, close


@pytest.mark.configs("plain", "own-projections")
def test_it_gives_the_same(model_type, config, case, reference) -> None:
    made: Reference = reference(model_type, config, case)
    given, model = batch(made, "right").shared, made.torso()
    asked = dict(output_hidden_states=True, output_attentions=True)
    with torch.no_grad():
        wanted, short = model(**given, **asked), model(**given)
        optimise(model.model, "exact")
        got, quick = model(**given, **asked), model(**given)
    encoder = encoder_of(model.model)
    left = about().instruction_set is None or unfit(model.model) is not None
    assert (encoder is None or encoder[1].whole is None) == left
    for mine, other in ((got, wanted), (quick, short)):
        assert [*mine.keys()] == [*other.keys()]
        for name in mine.keys():  # noqa: SIM118  it iterates over tensors
            for own, its in zip(rows(mine[name]), rows(other[name]), strict=True):
                close(own, its, f"{model_type} {case} {name}")


def rows(value: object) -> list[torch.Tensor]:
    """The tensors of a field of an output; a cache has none that is compared here."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [each for each in value if isinstance(each, torch.Tensor)] if isinstance(value, tuple) else []
