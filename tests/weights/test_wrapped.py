"""Weights of wrapped models: the words that wrappers put into names are named, and the weights taken."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import TorsoError
from torso.weights.names import canonical

transformers = LazyModule("transformers")


@pytest.fixture(scope="module")
def model() -> transformers.BertForSequenceClassification:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=11, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8
    )
    return transformers.BertForSequenceClassification(config).eval()


@pytest.mark.parametrize(
    "wrapper",
    [
        "module.",
        "_orig_mod.",
        "base_model.model.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "module.module.",
        "_forward_module.",
    ],
)
def test_wrapped_weights_are_the_weights(tmp_path: Path, model: torch.nn.Module, wrapper: str) -> None:
    model.config.save_pretrained(tmp_path)
    torch.save({wrapper + key: value for key, value in model.state_dict().items()}, tmp_path / "pytorch_model.bin")
    loaded = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    ids = torch.tensor([[1, 2, 3]])
    assert torch.allclose(loaded(ids).logits, model(ids).logits, atol=1e-5)
    notes = [
        note for note in torso.load(str(tmp_path), "sequence-classification").report.notes if note.code == "N_WRAPPED"
    ]
    assert len(notes) == 1
    assert wrapper in str(notes[0])


def test_a_wrapper_inside_and_the_count_of_an_average(tmp_path: Path, model: torch.nn.Module) -> None:
    model.config.save_pretrained(tmp_path)
    state = {
        key.replace("encoder.layer.1.", "encoder.layer.1._checkpoint_wrapped_module._orig_mod."): value
        for key, value in model.state_dict().items()
    }
    torch.save({"n_averaged": torch.tensor(3), **state}, tmp_path / "pytorch_model.bin")
    loaded = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    ids = torch.tensor([[1, 2, 3]])
    assert torch.allclose(loaded(ids).logits, model(ids).logits, atol=1e-5)


def test_two_sets_of_one_name_are_not_taken_for_one(tmp_path: Path, model: torch.nn.Module) -> None:
    state = model.state_dict()
    key = "bert.encoder.layer.0.output.dense.weight"
    assert canonical([key, f"module.{key}"]) == {key: key, f"module.{key}": f"module.{key}"}
    model.config.save_pretrained(tmp_path)
    torch.save({**state, f"bert._orig_mod.{key[5:]}": state[key] + 1}, tmp_path / "pytorch_model.bin")
    with pytest.raises(TorsoError) as caught:
        torso.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert caught.value.code == "E_UNCLAIMED"


def test_names_of_many_wrappers_take_linear_time() -> None:
    key = "module._orig_mod." * 200_000
    assert list(canonical([key + "w", "a." + "_orig_mod." * 200_000 + "w"])) == ["w", "a.w"]
