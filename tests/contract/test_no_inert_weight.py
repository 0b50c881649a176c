"""No weight is inert: changing any tensor of a checkpoint changes the output."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from torso.checkpoint.save import hub_tensors

from .families import FAMILIES
from .reference import Padded, Reference, batch


@torch.no_grad()
def outputs(model, given: Padded) -> list[Tensor]:
    out = model(**given.shared)
    return [out[name] for name in out.keys() if name != "loss"]  # noqa: SIM118


@pytest.mark.configs("plain", "three-segments")
def test_changing_any_tensor_changes_the_output(model_type, case, config, reference) -> None:
    made: Reference = reference(model_type, config, case)
    torch.manual_seed(11)
    model, given = made.torso(), batch(made, "right", with_labels=False)
    before = outputs(model, given)
    for key, tensor in hub_tensors(model.model).items():
        kept = tensor.clone()
        tensor += 0.3 * torch.randn_like(tensor)  # a view: this changes the model
        apart = max(float((now - then).abs().max()) for now, then in zip(outputs(model, given), before, strict=True))
        tensor.copy_(kept)
        if key.endswith(tuple(FAMILIES[model_type].inert)):
            assert apart < 1e-4, f"{key} is declared inert"
        else:
            assert apart > 1e-4, f"{key} changes nothing"
    assert all(now.equal(then) for now, then in zip(outputs(model, given), before, strict=True))
