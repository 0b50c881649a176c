"""Names: every key of a reference checkpoint is claimed once, nothing is left over, every parameter is filled."""

from __future__ import annotations

from collections import Counter

import pytest
from safetensors import safe_open

from torso.architecture import Architecture
from torso.loading.plan import copies_of
from torso.loading.save import hub_name, hub_tensors
from torso.weights.names import Names

from .families import FAMILIES, cases_of, registered
from .reference import as_written


def test_every_registered_family_is_under_contract() -> None:
    assert set(registered()) == set(FAMILIES)


def test_every_task_of_every_family_has_a_case() -> None:
    for model_type, architecture in registered().items():
        assert {case.task for case in cases_of(model_type).values()} == set(architecture.tasks)


def test_every_key_is_claimed_once_and_every_parameter_filled(model_type, config, case, reference) -> None:
    made = reference(model_type, config, case)
    model = made.shared.packed
    with safe_open(made.folder / "model.safetensors", "pt") as file:
        keys = set(file.keys())
    asked = [key for name, _ in model.named_parameters() for key in hub_name(model, name)]
    spare = {*copies_of(model.architecture, model.task, model.report.prefix), *FAMILIES[model_type].left}
    assert Counter(asked).most_common(1)[0][1] == 1
    assert set(asked) <= keys
    assert keys - set(asked) <= spare
    assert model.report.filled == len(dict(model.named_parameters()))
    assert (model.report.new, model.report.absent) == ((), ())
    assert set(model.report.unclaimed) <= set(FAMILIES[model_type].left) - set(asked)
    assert model.head_trained


def test_hub_tensors_are_the_reference_s_own(model_type, config, case, reference) -> None:
    made = reference(model_type, config, case)
    theirs = as_written(made.model, made.model.state_dict())
    for key, value in hub_tensors(made.shared.packed).items():
        assert value.equal(theirs[key]), key


def test_a_table_without_a_row_is_a_fault_that_names_the_parameter() -> None:
    architecture: Architecture = registered()["bert"]
    with pytest.raises(KeyError, match="embed\\.nothing"):
        architecture.names.keys("embed.nothing.weight", "")


def test_a_declared_number_is_itself_and_only_i_is_any() -> None:
    names = Names({"a": "a"}, prefix=("t5.", ""), unused=("block.0.bias", "layers.{i}.mask", "pooler"))
    for prefix in names.prefix:
        left = names.unused_pattern(prefix)
        for key in ("block.0.bias", "layers.7.mask", "layers.12.mask.weight", "pooler.weight"):
            assert left.match(prefix + key)
        for key in ("block.1.bias", "layers.x.mask", "layers.7.masks", "poolers", "a.pooler", "blockx0.bias"):
            assert not left.match(prefix + key)
    assert not Names({"a": "a"}).unused_pattern("").match("")
