"""Config files as they stand on the Hub: read, and describing the very weights that the reference would make."""

from __future__ import annotations

import json

import pytest
import torch

from lazy import LazyModule
from torso.architecture import Task
from torso.config.config_file import ConfigFile
from torso.loading.plan import copies_of
from torso.loading.save import hub_tensors
from torso.model import Model
from torso.nn.meta_init import weightless

from .families import FAMILIES, registered
from .reference import as_written, reference_class

transformers = LazyModule("transformers")

PUBLISHED = [(family, name) for family, about in FAMILIES.items() for name in about.published]


def test_every_family_has_three() -> None:
    assert {family for family, about in FAMILIES.items() if len(about.published) < 3} == set()


@pytest.mark.parametrize(("family", "name"), PUBLISHED)
def test_names_and_sizes_are_those_of_the_reference(family, name, tmp_path) -> None:
    architecture = registered()[family]
    values = {"model_type": family, **FAMILIES[family].published[name]}
    config = architecture.config.from_file(ConfigFile.parse(json.dumps(values), tmp_path / "config.json"))
    assert config.max_tokens is None or config.max_tokens >= 512
    if FAMILIES[family].built_layers is not None:
        values["num_hidden_layers"] = FAMILIES[family].built_layers
        config = config.replace({"num_hidden_layers": FAMILIES[family].built_layers})
    for task in architecture.tasks:
        labels = {"num_labels": 3} if task.labelled else {}
        with weightless():
            model = Model(config.replace(labels), architecture, task)
        with torch.device("meta"):
            other = reference_class(family, task)(transformers.AutoConfig.for_model(**values, **labels))
        theirs = {key: tuple(value.shape) for key, value in as_written(other, other.state_dict()).items()}
        ours = {key: tuple(value.shape) for key, value in hub_tensors(model).items()}
        assert {key: theirs.get(key) for key in ours} == ours
        prefix = architecture.plan(task).prefix or ("" if task is Task.FEATURES else architecture.names.prefix[0])
        assert set(theirs) - set(ours) <= {*copies_of(architecture, task, prefix), *FAMILIES[family].left}
