"""Models of the Auto classes: projections are modules of their own where the Hub's are, and nothing else changes."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from torso import Batch, BertConfig, BertModel, Layout, load, optimise
from torso.compat.padded_model import PaddedModel, class_of
from torso.engines.model_source import on_host
from torso.errors import UnsupportedError
from torso.loading.build_plain import build_plain
from torso.loading.load import read_config
from torso.loading.save import hub_tensors
from torso.loading.unfusing import fused_copy, unfused
from torso.nn.projections import UnfusedLinear

from .reference import Reference, as_written, batch
from .test_gradients import gradients, objective


def apart(made: Reference) -> PaddedModel:
    """The checkpoint as an Auto class loads it."""
    architecture, config = read_config(made.folder)
    model = build_plain(made.folder, unfused(architecture), config, made.case.task)
    return class_of(model.architecture, model.task)(model)


@pytest.mark.configs("plain")
def test_every_parameter_has_a_name_of_the_hub_and_its_value(model_type, config, case, reference) -> None:
    made: Reference = reference(model_type, config, case)
    ours, theirs = apart(made), as_written(made.model, made.model.state_dict())
    assert {name for name, each in hub_tensors(ours.packed).items() if not each.equal(theirs[name])} == set()
    interleaved = {leaf for leaf, each in ours.named_modules() if isinstance(each, UnfusedLinear)}
    assert interleaved == set(), "the fused layer itself is not listed"
    for name, parameter in ours.named_parameters():
        assert name in theirs, name
        assert parameter.shape in (theirs[name].shape, theirs[name].shape[::-1]), name


@pytest.mark.configs("plain")
def test_outputs_and_gradients_are_those_of_the_fused_model(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    given = batch(made, "right")
    whole, ours = made.torso(), apart(made)
    results = [each(**given.shared, output_hidden_states=True) for each in (whole, ours)]
    for name in results[0].keys():  # noqa: SIM118  an output iterates over its tensors
        one, other = results[0][name], results[1][name]
        pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
        for a, b in pairs:
            assert (a - b).abs().max() <= 1e-6 * b.abs().max().clamp(min=1), name
    for each, out in zip((whole, ours), results, strict=True):
        objective(out, given).backward()
        assert all(own.grad is not None for own in each.parameters() if own.requires_grad)
    mine, theirs = gradients(ours), gradients(whole)
    assert mine.keys() == theirs.keys()
    for name, each in mine.items():
        torch.testing.assert_close(each, theirs[name], rtol=1e-5, atol=1e-5)


@pytest.mark.configs("plain")
def test_fused_again_it_is_the_model_that_tasks_run(model_type, reference) -> None:
    made: Reference = reference(model_type, "plain", "features")
    ours, whole = apart(made).packed, made.shared.packed
    again = dict(fused_copy(ours).named_parameters())
    assert again.keys() == dict(whole.named_parameters()).keys()
    assert all(again[name].equal(each) for name, each in whole.named_parameters())
    assert type(pickle.loads(pickle.dumps(ours.architecture))) is type(ours.architecture)
    assert copy.deepcopy(ours).architecture is ours.architecture


def test_it_compiles_as_the_fused_one(tmp_path) -> None:
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    ours = BertModel(BertConfig(vocab_size=40, **sizes)).eval()
    ours.save_pretrained(tmp_path)
    given = Batch(torch.arange(2, 9), Layout.of([4, 3]))
    rows = [optimise(each, "exact").run(on_host(given)).hidden.rows for each in (ours.packed, load(tmp_path))]
    assert (rows[0] == rows[1]).all()


def test_a_replaced_projection_is_no_compiled_model(reference) -> None:
    ours = apart(reference("bert", "plain", "features"))
    ours.encoder.layer[0].attention.self.query = nn.Sequential(ours.encoder.layer[0].attention.self.query)
    with pytest.raises(UnsupportedError, match=r"qkv\.0 was replaced"):
        optimise(ours.packed)
