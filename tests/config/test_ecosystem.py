"""A config as notebooks use it: assigned where that acts, as a table, in files, and its help."""

from __future__ import annotations

import json
import pydoc

import pytest

import torso
from lazy import LazyModule
from torso.errors import ConfigError, FrozenConfigError, UnknownParameterError

transformers = LazyModule("transformers")

LABELS = {0: "差评", 1: "好评"}


def test_names_of_labels_are_assigned_and_act() -> None:
    model = torso.BertForSequenceClassification(
        torso.BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4)
    )
    model.config.id2label = LABELS
    assert (model.config.id2label, model.config.label2id) == (LABELS, {"差评": 0, "好评": 1})
    assert model.bert.config.id2label == LABELS
    model.config.label2id = {"bad": 0, "good": 1}
    assert model.config.id2label == {0: "bad", 1: "good"}
    assert model.config.source("id2label") == "you"
    model.config.output_hidden_states = True
    assert len(model(__import__("torch").tensor([[1, 2]])).hidden_states) == 2
    with pytest.raises(FrozenConfigError, match="names 3 labels, and there are 2"):
        model.config.id2label = {0: "a", 1: "b", 2: "c"}
    with pytest.raises(ConfigError, match="0 to 1"):
        model.config.id2label = {1: "a", 2: "b"}
    assert model.config.num_labels == 2
    model.set({"hidden_dropout_prob": 0.0})
    assert model.config.id2label == {0: "bad", 1: "good"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("use_cache", False),
        ("pad_token_id", 7),
        ("problem_type", "regression"),
        ("_name_or_path", "x"),
        ("eos_token_id", [1]),
    ],
)
def test_what_acts_in_calls_or_nowhere_is_assigned(name, value) -> None:
    config = torso.BertConfig()
    setattr(config, name, value)
    assert getattr(config, name) == value
    config.update({name: value})


@pytest.mark.parametrize("kind", [torso.BertConfig, torso.T5Config, torso.LlamaConfig])
def test_tables_and_files_are_those_of_the_hub(kind, tmp_path) -> None:
    config = kind(num_labels=3)
    config.save_pretrained(tmp_path)
    theirs = transformers.AutoConfig.from_pretrained(tmp_path)
    assert config.to_dict()["vocab_size"] == theirs.vocab_size
    assert config.to_dict()["model_type"] == theirs.model_type
    assert json.loads(config.to_json_string()) == json.loads((tmp_path / "config.json").read_text())
    assert torso.AutoConfig.from_pretrained(tmp_path) == config
    assert config.use_return_dict is True


def test_a_word_of_roberta_s_positions_is_not_assigned() -> None:
    """pad_token_id decides its positions, which are built once."""
    with pytest.raises(FrozenConfigError, match="pad_token_id"):
        torso.RobertaConfig().pad_token_id = 0
    with pytest.raises(UnknownParameterError):
        torso.BertConfig().use_cach = False


@pytest.mark.parametrize("kind", [torso.BertConfig, torso.RobertaConfig, torso.BloomConfig, torso.PretrainedConfig])
def test_help_tells_every_parameter(kind) -> None:
    text = pydoc.plain(pydoc.render_doc(kind))
    for each in kind.declared():
        assert f"{each.name} (" in text
        assert f"Default {each.default!r}" in kind.__doc__
    assert not [name for name in dir(kind()) if name.startswith("_")]
    assert {each.name for each in kind.declared()} <= set(dir(kind()))
