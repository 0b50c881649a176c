"""Round trip: what torso saves is what it read, and transformers reads it with equal outputs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from lazy import LazyModule
from torso import load, new_model
from torso.compat.padded_model import PaddedModel
from torso.loading.plan import copies_of
from torso.loading.save import hub_name, hub_tensors

from .families import FAMILIES, cases_of, registered
from .reference import EAGER, Padded, Reference, as_written, batch, close, config_values, reference_class
from .test_parity import targets_in

transformers = LazyModule("transformers")


def theirs(kind, folder) -> torch.nn.Module:
    """The folder in a class of transformers, which must find every weight that it reads and no other."""
    model, info = kind.from_pretrained(folder, **EAGER, output_loading_info=True)
    never_read = {key for family in FAMILIES.values() for key in family.left}
    assert set(info["missing_keys"]) <= never_read
    assert not info["unexpected_keys"]
    assert not info["mismatched_keys"]
    return model.eval()


def same_outputs(made: Reference, ours: PaddedModel, other: torch.nn.Module, given: Padded) -> None:
    with torch.no_grad():
        mine, (out, _) = ours(**given.shared), replace(made, model=other)(given)
    targets = targets_in(given)
    for name in mine.keys():  # noqa: SIM118  an output iterates over its tensors
        of_targets = targets is not None and mine[name].shape[:2] == targets.shape
        tokens = targets if of_targets else ...
        close(mine[name][tokens], out[name][tokens])


def test_saved_as_it_was_read(model_type, config, case, reference, tmp_path) -> None:
    made: Reference = reference(model_type, config, case)
    model = made.shared.packed
    model.save(tmp_path / "again")
    assert (tmp_path / "again" / "config.json").read_bytes() == (made.folder / "config.json").read_bytes()
    before, after = load_file(made.folder / "model.safetensors"), load_file(tmp_path / "again" / "model.safetensors")
    spare = {*copies_of(model.architecture, model.task, model.report.prefix), *FAMILIES[model_type].left}
    assert before.keys() - after.keys() <= spare
    assert after.keys() <= before.keys()
    for key, value in after.items():
        assert value.dtype == before[key].dtype
        assert value.equal(before[key]), key
    same_outputs(made, made.shared, theirs(type(made.model), tmp_path / "again"), batch(made, "none"))


def test_saved_and_read_again_is_equal_to_the_bit(model_type, case, reference, tmp_path) -> None:
    made: Reference = reference(model_type, "drawn", case)
    first = made.shared
    first.save_pretrained(tmp_path / "once")
    second = PaddedModel(load(tmp_path / "once", made.case.task))
    second.save_pretrained(tmp_path / "twice")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes()
    given = batch(made, "right")
    with torch.no_grad():
        mine, again = first(**given.shared), second(**given.shared)
    assert all(mine[name].equal(again[name]) for name in mine.keys())  # noqa: SIM118


@pytest.mark.configs("plain", "untied")
def test_a_new_model_is_read_by_transformers(model_type, config, case, tmp_path) -> None:
    architecture, about = registered()[model_type], cases_of(model_type)[case]
    settings = architecture.config(**config_values(model_type, config), **about.values)
    model = new_model(settings, about.task, seed=5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    model.eval().save(tmp_path)
    kind = reference_class(model_type, about.task)
    other = theirs(kind, tmp_path)
    made = Reference(other, tmp_path, about, FAMILIES[model_type])
    same_outputs(made, PaddedModel(model), other, batch(made, "none"))
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == [kind.__name__]


def test_a_new_model_begins_as_the_reference_does(model_type, case) -> None:
    """Norms at one, biases at zero, everything else spread as the config says; a seed repeats it."""
    architecture, about = registered()[model_type], cases_of(model_type)[case]
    settings = architecture.config(**config_values(model_type, "plain"), **about.values, initializer_range=0.05)
    first, second, third = (new_model(settings, about.task, seed=each) for each in (1, 1, 2))
    kind = reference_class(model_type, about.task)
    values = {**config_values(model_type, "plain"), **about.values, "initializer_range": 0.05}
    born = kind(transformers.AutoConfig.for_model(model_type, **values))
    other = as_written(born, born.state_dict())
    for (name, mine), same, different in zip(
        first.named_parameters(), second.parameters(), third.parameters(), strict=True
    ):
        assert mine.equal(same), name
        # Biases of several experts are a matrix, of zeros: below, the reference's must be so, too.
        assert mine.ndim < 2 or not mine.requires_grad or not mine.any() or not mine.equal(different), name
    fixed = {key for name, each in first.named_parameters() if not each.requires_grad for key in hub_name(first, name)}
    for key, mine in hub_tensors(first).items():
        if key not in other:
            continue
        if mine.ndim < 2 and key not in fixed and other[key].unique().numel() > 1:
            # The only vectors that are drawn: sinks, and the bias of its router.
            assert model_type == "gpt_oss", key
            assert key.endswith((".self_attn.sinks", ".mlp.router.bias")), key
            assert 0.0 < float(mine.abs().max()) < 0.3, key
        elif mine.ndim < 2 or key in fixed or not mine.any():
            assert mine.equal(other[key]), key
        elif mine.numel() > 300:
            assert 0.04 < float(mine.std()) < 0.06, key


def test_the_metadata_says_pytorch(model_type, reference, tmp_path) -> None:
    """transformers refuses a file without it."""
    reference(model_type, "plain", "features").shared.save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
