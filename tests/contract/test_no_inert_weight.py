"""No weight is inert: changing any tensor of a checkpoint changes the output."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from torso.model import Model
from torso.nn.mixture import Mixture

from .families import FAMILIES
from .reference import Padded, Reference, batch


@torch.no_grad()
def outputs(model, given: Padded) -> list[Tensor]:
    out = model(**given.shared)
    return [out[name] for name in out.keys() if name != "loss"]  # noqa: SIM118


def parts(model: Model) -> dict[str, Tensor]:
    """Every parameter under our name, the parts of fused ones apart: views, so that to change them is to change it."""
    fused = model.fused()
    found: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        made_of = fused.get(name.rpartition(".")[0])
        if made_of is None:
            found[name] = parameter.data
        else:
            rows = parameter.data.split(list(made_of.rows))
            found |= {f"{name}[{number}]": part for number, part in enumerate(rows)}
    return found


def idle_experts(model, given: Padded) -> tuple[str, ...]:
    """Names of the experts none of whose rows reaches an output: their weights rightly change nothing."""
    mixtures = [(name, part) for name, part in model.packed.named_modules() if isinstance(part, Mixture)]
    experts = {f"{name}.experts.{at}.": expert for name, part in mixtures for at, expert in enumerate(part.experts)}
    experts = {name: expert for name, expert in experts.items() if isinstance(expert, torch.nn.Module)}
    out = model(**given.shared)
    sum(out[name].sum() for name in out.keys() if name != "loss").backward()  # noqa: SIM118
    busy = {
        name for name, each in experts.items() if any(p.grad is not None and p.grad.any() for p in each.parameters())
    }
    model.zero_grad()
    assert bool(busy) == bool(experts)
    return tuple(name for name in experts if name not in busy)


def others(key: str, tensor: Tensor) -> list[Tensor]:
    """Other values for a tensor; for one that only chooses several, of which some choose otherwise."""
    chooses = key.endswith(".router.correction")
    return [tensor + (10 if chooses else 0.3) * torch.randn_like(tensor) for _ in range(5 if chooses else 1)]


@pytest.mark.configs("plain", "three-segments")
def test_changing_any_tensor_changes_the_output(model_type, case, config, reference) -> None:
    made: Reference = reference(model_type, config, case)
    torch.manual_seed(11)
    model, given = made.torso(), batch(made, "right", with_labels=made.case.labels == "targets")
    before, idle = outputs(model, given), idle_experts(model, given)
    for key, tensor in parts(model.packed).items():
        if key.startswith(idle):
            continue
        kept = tensor.clone()
        apart = 0.0
        for other in others(key, kept):
            tensor.copy_(other)
            pairs = zip(outputs(model, given), before, strict=True)
            apart = max(apart, *(float((now - then).abs().max()) for now, then in pairs))
        tensor.copy_(kept)
        if key.endswith(tuple(FAMILIES[model_type].inert)):
            assert apart < 1e-4, f"{key} is declared inert"
        else:
            assert apart > 1e-4, f"{key} changes nothing"
    assert all(now.equal(then) for now, then in zip(outputs(model, given), before, strict=True))
