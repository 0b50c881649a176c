"""What OPT does beyond what every family does: blocks left out in training, and the names of its older files."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from lazy import LazyModule
from torso import Task, load
from torso.compat.padded_model import PaddedModel

from .forms import rewritten, weights
from .reference import Reference, batch, close

transformers = LazyModule("transformers")


def test_training_leaves_out_the_blocks_that_the_reference_does(reference) -> None:
    made: Reference = reference("opt", "plain", "features")
    changes = {"dropout": 0.0, "attention_dropout": 0.0, "layerdrop": 0.5}
    ours = made.torso(changes=changes).train()
    settings = transformers.AutoConfig.from_pretrained(made.folder)
    for name, value in changes.items():
        setattr(settings, name, value)
    theirs = type(made.model).from_pretrained(made.folder, config=settings).train()
    given, met = batch(made, "right"), list[Tensor]()
    for seed in range(8):
        with torch.no_grad():
            torch.manual_seed(seed)
            mine = ours(**given.shared).last_hidden_state[given.here]
            torch.manual_seed(seed)
            other = theirs(**given.shared).last_hidden_state[given.here]
        close(mine, other)
        met.append(mine)
    assert len({float(each.sum()) for each in met}) > 2, "some seeds leave out other blocks than others"


@pytest.mark.parametrize("prefix", ["model.decoder.", "decoder.", ""])
def test_files_name_the_trunk_in_three_ways(prefix, reference, tmp_path) -> None:
    made: Reference = reference("opt", "projected", "causal-lm")
    tensors = {name.replace("model.decoder.", prefix): value for name, value in weights(made.folder).items()}
    folder = rewritten(made.folder, tmp_path / "other", tensors)
    given = batch(made, "right", with_labels=False).shared
    with torch.no_grad():
        ours, again = made.torso()(**given).logits, PaddedModel(load(folder, Task.CAUSAL_LM))(**given).logits
    assert ours.equal(again)


def test_the_spread_of_new_weights_goes_by_another_name(reference, tmp_path) -> None:
    made: Reference = reference("opt", "plain", "features")
    values = json.loads((made.folder / "config.json").read_text())
    del values["initializer_range"]
    folder = rewritten(made.folder, tmp_path / "other", weights(made.folder))
    (folder / "config.json").write_text(json.dumps({**values, "init_std": 0.7}))
    model = load(folder, Task.SEQUENCE_CLASSIFICATION, num_labels=90, new_head=True)
    assert model.config.initializer_range == model.config.init_std == 0.7
    assert 0.6 < float(model.head.out.weight.detach().std()) < 0.8
    model.set({"initializer_range": 0.5})
    model.save(tmp_path / "saved")
    saved = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert (saved["init_std"], "initializer_range" in saved) == (0.5, False)
