"""A model's description, which needs no torch, says what the module built of it has: names, shapes, order, sharing."""

from __future__ import annotations

import copy
import pickle

import pytest

from contract.families import FAMILIES, registered
from torso import blocks, nn
from torso.model import Model
from torso.nn.meta_init import weightless
from torso.nn.module import PLAIN, implementation

from .sources import printed_by

CASES = [(model_type, config) for model_type, family in FAMILIES.items() for config in family.configs]


@pytest.mark.parametrize(("model_type", "config"), CASES)
def test_names_shapes_and_order_are_those_of_the_module(model_type, config) -> None:
    architecture = registered()[model_type]
    settings = architecture.config(**FAMILIES[model_type].configs[config], num_labels=3)
    for task in architecture.tasks:
        with weightless():
            model = Model(settings, architecture, task)
        listed, built = dict(blocks.named_weights(model.description)), dict(model.named_parameters())
        assert list(listed) == list(built)
        assert all(weight.shape == built[name].shape for name, weight in listed.items())
        assert all(weight.trained == built[name].requires_grad for name, weight in listed.items())
        assert blocks.parameter_count(model.description) == sum(each.numel() for each in model.parameters())


def test_every_description_has_a_module() -> None:
    kinds, found = [blocks.Part], set[type[blocks.Part]]()
    while kinds:
        found |= (new := {each for each in kinds.pop().__subclasses__() if each.__module__.startswith("torso.")})
        kinds += new
    abstract = {blocks.Head, blocks.ScoringHead, blocks.Whole}
    for kind in found - PLAIN.keys() - abstract:
        assert issubclass(implementation(kind), nn.Module), kind


def test_one_of_another_package_names_its_module() -> None:
    class Trunk(blocks.Part):
        """Of the name of one of torso's."""

    with pytest.raises(TypeError, match="names no module"):
        nn.build(Trunk())


def test_what_occurs_twice_is_one_part() -> None:
    """ALBERT's block at every depth, T5's table and bias, and a tied output matrix."""
    for model_type, task in (("albert", "features"), ("t5", "seq2seq-lm"), ("bert", "masked-lm")):
        architecture = registered()[model_type]
        settings = architecture.config(**next(iter(FAMILIES[model_type].configs.values())))
        chosen = next(each for each in architecture.tasks if each.name == task)
        whole = architecture.describe(settings, chosen)
        copied = pickle.loads(pickle.dumps(copy.deepcopy(whole)))
        assert list(blocks.named_weights(copied)) == list(blocks.named_weights(whole))
    layers = registered()["albert"].trunk(registered()["albert"].config()).layers
    assert len(layers) == 12
    assert len({id(each) for each in layers}) == 1


def test_a_head_without_an_optional_part() -> None:
    architecture = registered()["bert"]
    whole = architecture.describe(architecture.config(), next(iter(architecture.tasks)))
    less = whole.without_in_head(["pooler"])
    assert whole.head.parts["pooler"] is not None
    assert less.head.parts["pooler"] is None
    assert less.trunk is whole.trunk
    assert blocks.parameter_count(whole) - blocks.parameter_count(less) == 768 * 769


def test_every_family_is_described_without_torch() -> None:
    code = """
import sys
from torso import blocks
from torso.architecture import architectures
for architecture in architectures():
    for task in architecture.tasks:
        assert blocks.parameter_count(architecture.describe(architecture.config(num_labels=2), task)) > 10**6
print("torch" in sys.modules, "numpy" in sys.modules)
"""
    assert printed_by(code) == ["False", "False"]
