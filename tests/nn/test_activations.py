"""Activations are those of transformers, under its names."""

from __future__ import annotations

import pytest
import torch

from lazy import LazyModule
from torso.config.fields import ACTIVATIONS
from torso.errors import ConfigError
from torso.nn import activation
from torso.nn.activations import TABLE

theirs = LazyModule("transformers.activations")

WITH_WEIGHTS = {"prelu", "xielu"}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_equals_the_reference(name) -> None:
    x = torch.cat([torch.linspace(-12, 12, 2001), torch.tensor([0.0, -0.0, 1e-8, 50.0, -50.0])])
    torch.testing.assert_close(activation(name)(x), theirs.ACT2FN[name](x), rtol=1e-6, atol=1e-6)


def test_every_name_of_the_reference_is_there_but_those_that_carry_weights() -> None:
    assert set(theirs.ACT2CLS) - set(TABLE) == WITH_WEIGHTS
    assert set(TABLE) <= set(theirs.ACT2CLS)


def test_the_names_known_without_torch_are_those_of_the_table() -> None:
    assert tuple(TABLE) == ACTIVATIONS


@pytest.mark.parametrize("name", [*sorted(WITH_WEIGHTS), "GELU", "", "geluu"])
def test_another_name_is_refused(name) -> None:
    with pytest.raises(ConfigError) as caught:
        activation(name)
    assert caught.value.code == "E_ACTIVATION"
