"""What transformers reads of a config, and means one thing, is read: labels, repeated keys, odd literals, numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some

import torso
from lazy import LazyModule
from torso.config.config_file import ConfigFile
from torso.errors import ConfigError, NotFoundError, TorsoError, WeightsError
from torso.generation.generation_settings import GenerationSettings
from torso.generation.settings_files import settings_of
from torso.loading.load import read_config

transformers = LazyModule("transformers")

SIZES = {
    "model_type": "bert",
    "vocab_size": 11,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "max_position_embeddings": 16,
}


def parsed(text: str) -> torso.BertConfig:
    return torso.BertConfig.from_file(ConfigFile.parse(text, Path("config.json")))


def with_values(**values: object) -> str:
    return json.dumps({**SIZES, **values})


def classifier(folder: Path, count: int, **values: object) -> Path:
    """A saved classifier of ``count`` labels, with values of its config.json replaced; None takes a key out."""
    config = transformers.BertConfig(**{key: value for key, value in SIZES.items() if key != "model_type"})
    config.num_labels = count
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    path = folder / "config.json"
    told = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({key: value for key, value in told.items() if value is not None}))
    return folder


class TestLabels:
    """id2label counts; label2id follows from it."""

    @pytest.mark.parametrize(
        "inverse",
        [
            {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
            {"neg": 2, "neu": 1, "pos": 0},
            {"neg": 0},
            {"neg": "0", "neu": "1", "pos": "2"},
            {},
            [],
            "neg",
        ],
        ids=str,
    )
    def test_another_inverse_is_noted_and_written_back(self, inverse: object) -> None:
        text = with_values(id2label={"0": "neg", "1": "neu", "2": "pos"}, label2id=inverse)
        config = parsed(text)
        assert config.id2label == {0: "neg", 1: "neu", 2: "pos"}
        assert config.label2id == {"neg": 0, "neu": 1, "pos": 2}
        assert json.loads(config.text()) == json.loads(text)
        [note] = [note for note in config.notes if note.code == "N_LABELS"]
        assert "label2id" in str(note)
        assert "label2id" in repr(config.describe()).splitlines()[-1]

    @pytest.mark.parametrize("tensors", [3, 2])
    def test_what_transformers_writes_is_loaded(self, tmp_path: Path, tensors: int) -> None:
        names = dict(enumerate(["neg", "neu", "pos"][:tensors]))
        d = classifier(tmp_path / "a", tensors)
        made = transformers.AutoModelForSequenceClassification.from_pretrained(d, id2label=names)
        made.save_pretrained(tmp_path / "b")
        model = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path / "b")
        assert model.config.id2label == names
        assert torso.AutoModel.from_pretrained(tmp_path / "b").config.id2label == names

    def test_numbers_for_names_and_names_that_differ_in_case(self) -> None:
        assert parsed(with_values(id2label={"0": 0, "1": 1.5})).id2label == {0: "0", 1: "1.5"}
        assert parsed(with_values(id2label={"0": "NEG", "1": "neg"}, label2id={"NEG": 0, "neg": 1})).notes == ()
        assert parsed(with_values(label2id={"a": 0, "b": 1})).num_labels is None

    def test_more_names_than_the_head_has_rows_blame_the_config(self, tmp_path: Path) -> None:
        d = classifier(tmp_path, 2, num_labels=3)
        with pytest.raises(
            WeightsError, match=r"config.json names 3 labels \(LABEL_0, LABEL_1, LABEL_2\); the head .* has 2"
        ) as caught:
            torso.AutoModelForSequenceClassification.from_pretrained(d)
        assert caught.value.code == "E_LABELS"
        with pytest.raises(WeightsError, match=r"classifies into 2 labels \(LABEL_0, LABEL_1\); 5 were asked"):
            torso.load(
                str(classifier(tmp_path, 2, id2label={"0": "LABEL_0", "1": "LABEL_1"})),
                "sequence-classification",
                num_labels=5,
            )

    @pytest.mark.parametrize("count", [2, np.int64(2), np.int8(2), np.uint16(2), torch.tensor(2)], ids=repr)
    def test_the_file_s_own_number_keeps_its_names(self, tmp_path: Path, count: int) -> None:
        d = classifier(tmp_path / "a", 2, id2label={"0": "差评", "1": "好评"}, label2id={"差评": 0, "好评": 1})
        names = {0: "差评", 1: "好评"}
        assert torso.AutoConfig.from_pretrained(d, num_labels=count).id2label == names
        model = torso.AutoModelForSequenceClassification.from_pretrained(d, num_labels=count)
        assert model.config.id2label == names
        model.save_pretrained(tmp_path / "b")
        assert json.loads((tmp_path / "b" / "config.json").read_text())["id2label"] == {"0": "差评", "1": "好评"}
        assert torso.load(str(d), "sequence-classification", num_labels=count).config.id2label == names
        assert torso.AutoConfig.from_pretrained(d, num_labels=3).id2label == {i: f"LABEL_{i}" for i in range(3)}


@pytest.mark.parametrize("number", [np.int64(3), np.int32(3), np.uint8(3), np.array(3), torch.tensor(3)], ids=repr)
def test_whole_numbers_of_other_kinds_are_python_s(number: int) -> None:
    config = torso.BertConfig(num_labels=number, hidden_size=np.int64(12), hidden_dropout_prob=np.float32(0.5))
    assert (config.num_labels, config.hidden_dropout_prob) == (3, 0.5)
    assert {type(config.num_labels), type(config.hidden_size), type(config.hidden_dropout_prob)} == {int, float}
    assert json.loads(config.text())["id2label"] == {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    written = GenerationSettings(max_new_tokens=number, eos_token_id=[number], bad_words_ids=[[number]])
    assert (written.max_new_tokens, written.eos_token_id, written.bad_words_ids) == (3, [3], [[3]])
    assert type(written.max_new_tokens) is int


@pytest.mark.parametrize("value", [np.bool_(True), True, np.array([1, 2]), "3", 2.5, np.float64(2.5)], ids=repr)
def test_what_is_no_whole_number_is_still_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="num_labels"):
        torso.BertConfig(num_labels=value)
    with pytest.raises(ConfigError, match="max_new_tokens"):
        GenerationSettings(max_new_tokens=value)


@pytest.mark.parametrize("value", [2.0, np.float64(2), "2", [2], np.array([2, 3]), np.bool_(True), True], ids=repr)
def test_a_number_of_labels_that_is_none_is_refused_by_every_loader(tmp_path: Path, value: Any) -> None:
    d = classifier(tmp_path, 2)
    for load in (
        lambda: torso.AutoModelForSequenceClassification.from_pretrained(d, num_labels=value),
        lambda: torso.AutoConfig.from_pretrained(d, num_labels=value),
        lambda: torso.load(d, "sequence-classification", num_labels=value),
    ):
        with pytest.raises(ConfigError, match=r"num_labels is .* Write it as a whole number or null\. \["):
            load()


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('"max_length": 20.0', "max_length", 20),
        ('"max_length": 1e1', "max_length", 10),
        ('"num_beams": 4.0, "top_k": 5e1', "top_k", 50),
        ('"eos_token_id": [2.0, 3]', "eos_token_id", [2, 3]),
        ('"bos_token_id": [1]', "bos_token_id", 1),
        ('"max_length": 5, "max_length": 7', "max_length", 7),
        ('"foreign": NaN, "max_length": 7, "x": [Infinity, -Infinity, 1e999]', "max_length", 7),
    ],
)
def test_numbers_of_a_generation_config(tmp_path: Path, written: str, name: str, value: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_embd": 8, "n_head": 2}))
    (tmp_path / "generation_config.json").write_text(f"{{{written}}}")
    assert getattr(settings_of(tmp_path, read_config(tmp_path)[1]), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("problem_type", "classification"),
        ("problem_type", ""),
        ("problem_type", 3),
        ("position_embedding_type", None),
        ("is_decoder", None),
        ("output_attentions", None),
        ("initializer_range", "0.02"),
        ("hidden_dropout_prob", None),
        ("attention_probs_dropout_prob", "none"),
        ("classifier_dropout", 7),
        ("pad_token_id", [0]),
    ],
)
def test_values_that_change_no_result_are_read_as_the_default(name: str, value: object) -> None:
    config = parsed(with_values(**{name: value}))
    assert getattr(config, name) == getattr(torso.BertConfig(), name)
    assert json.loads(config.text())[name] == value
    assert value is None or any(name in str(note) for note in config.notes)
    with pytest.raises(TorsoError):
        torso.BertConfig(**{name: ["wrong"]})


def test_a_repeated_key_is_read_as_python_reads_it_and_noted(tmp_path: Path) -> None:
    text = with_values()[:-1] + ', "hidden_act": "relu", "x": {"a": 1, "a": 2}, "hidden_act": "silu"}'
    config = parsed(text)
    assert config.hidden_act == json.loads(text)["hidden_act"] == "silu"
    assert [note.code for note in config.notes] == ["N_REPEATED"]
    assert json.loads(config.text()) == json.loads(text)
    assert '"a": 1, "a": 2' in config.text(), "what was not changed keeps its characters"


@pytest.mark.parametrize(
    "name", ["bert_config.json", "albert_config.json", "config (1).json", "config.json.txt", "Config.JSON"]
)
def test_a_config_under_another_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / name).write_text(with_values())
    with pytest.raises(NotFoundError, match=re.escape(name)) as caught:
        read_config(tmp_path)
    assert caught.value.code == "E_MISSING_FILE"
    (tmp_path / name).rename(tmp_path / "config.json")
    assert read_config(tmp_path)[1].hidden_size == 8


ODD = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=6),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FREE = [each.name for each in torso.BertConfig.declared() if each.metadata["info"].acts in ("none", "train")]


@settings(deadline=None, max_examples=100)
@given(
    some.lists(
        some.tuples(some.sampled_from([*FREE, "foreign", "auto_map", "summary_type", "directionality"]), ODD),
        max_size=8,
    )
)
def test_nothing_is_refused_for_what_acts_on_nothing(pairs: list[tuple[str, object]]) -> None:
    members = [*SIZES.items(), *((name, value) for name, value in pairs if name != "num_labels")]
    text = "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members) + "}"
    config = parsed(text)
    assert [getattr(config, name) for name in list(SIZES)[1:]] == list(SIZES.values())[1:]
    assert repr(config.describe())
    assert str(json.loads(config.text())) == str(json.loads(text))
