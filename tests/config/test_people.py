"""Strict to people: a wrong name, type or value is an error that names the right one."""

from __future__ import annotations

import pickle

import pytest

from torso import BertConfig
from torso.errors import ConfigError, FrozenConfigError, TorsoError, UnknownParameterError, UnsupportedError

TYPOS = {
    "hiden_size": "hidden_size",
    "hidden_sizes": "hidden_size",
    "hiddensize": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_hidden_layer": "num_hidden_layers",
    "num_attention_head": "num_attention_heads",
    "attention_heads": "num_attention_heads",
    "intermediate_dim": "intermediate_size",
    "hidden_activation": "hidden_act",
    "hidden_dropout": "hidden_dropout_prob",
    "attention_dropout_prob": "attention_probs_dropout_prob",
    "attention_probs_droput_prob": "attention_probs_dropout_prob",
    "max_position_embedding": "max_position_embeddings",
    "max_positions_embeddings": "max_position_embeddings",
    "type_vocab": "type_vocab_size",
    "vocabsize": "vocab_size",
    "layernorm_eps": "layer_norm_eps",
    "clasifier_dropout": "classifier_dropout",
    "numlabels": "num_labels",
    "id2labels": "id2label",
    "label2ids": "label2id",
    "output_attention": "output_attentions",
    "output_hidden_state": "output_hidden_states",
    "tie_word_embedding": "tie_word_embeddings",
    "pad_tokenid": "pad_token_id",
}


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_raises_with_the_nearest_name(typo) -> None:
    config = BertConfig()
    for attempt in (
        lambda: BertConfig(**{typo: 1}),
        lambda: config.replace({typo: 1}),
        lambda: setattr(config, typo, 1),
        lambda: getattr(config, typo),
    ):
        with pytest.raises(TorsoError, match=rf"no parameter '{typo}'\. Did you mean {TYPOS[typo]}\?") as caught:
            attempt()
        assert caught.value.code == "E_UNKNOWN_PARAMETER"
    assert not hasattr(config, typo)


def test_each_attempt_raises_the_builtin_that_fits() -> None:
    with pytest.raises(TypeError):
        BertConfig(hiden_size=1)
    with pytest.raises(AttributeError):
        _ = BertConfig().hiden_size
    with pytest.raises(UnknownParameterError):
        BertConfig().replace({"hiden_size": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", "16"),
        ("hidden_size", 16.0),
        ("hidden_size", True),
        ("hidden_size", None),
        ("hidden_size", 0),
        ("hidden_size", -4),
        ("num_hidden_layers", 0),
        ("num_hidden_layers", -1),
        ("num_attention_heads", 0),
        ("num_attention_heads", 7),
        ("hidden_dropout_prob", 1.1),
        ("hidden_dropout_prob", -0.1),
        ("hidden_dropout_prob", float("nan")),
        ("hidden_dropout_prob", "0.1"),
        ("classifier_dropout", 2),
        ("layer_norm_eps", 0),
        ("layer_norm_eps", -1e-12),
        ("layer_norm_eps", 1e30),
        ("layer_norm_eps", float("inf")),
        ("output_attentions", 1),
        ("output_attentions", "yes"),
        ("architectures", "BertModel"),
        ("architectures", [1]),
        ("id2label", ["a", "b"]),
        ("id2label", {0: 1}),
        ("label2id", {"a": "0"}),
        ("hidden_act", 3),
        ("num_labels", 0),
        ("num_labels", 10**6),
        ("initializer_range", -1),
    ],
)
def test_an_impossible_value_raises_and_names_the_parameter(name, value) -> None:
    for attempt in (lambda: BertConfig(**{name: value}), lambda: BertConfig().replace({name: value})):
        with pytest.raises(ConfigError) as caught:
            attempt()
        assert caught.value.code == "E_CONFIG"
        assert name in str(caught.value) or (name == "num_labels" and "labels" in str(caught.value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position_embedding_type", "relative_key"),
        ("position_embedding_type", "relative_key_query"),
        ("position_embedding_type", "rotary"),
        ("is_decoder", True),
        ("is_encoder_decoder", True),
        ("add_cross_attention", True),
        ("hidden_act", "prelu"),
        ("hidden_act", "geluu"),
        ("problem_type", "ranking"),
    ],
)
def test_what_is_real_elsewhere_is_refused_by_name(name, value) -> None:
    with pytest.raises(UnsupportedError) as caught:
        BertConfig(**{name: value})
    assert caught.value.code == "E_UNSUPPORTED"
    assert f"{name} is {value!r}" in str(caught.value)


def test_the_nearest_activation_is_named() -> None:
    with pytest.raises(UnsupportedError, match="Nearest: gelu"):
        BertConfig(hidden_act="geluu")


@pytest.mark.parametrize("name", ["hidden_dropout_prob", "hidden_size", "num_labels"])
def test_an_assignment_raises_and_names_the_calls_that_work(name) -> None:
    config = BertConfig()
    for attempt in (lambda: setattr(config, name, 0), lambda: delattr(config, name)):
        with pytest.raises(FrozenConfigError) as caught:
            attempt()
        assert caught.value.code == "E_FROZEN"
        assert f"model.set({{'{name}': ...}})" in str(caught.value)
        assert f"config.replace({{'{name}': ...}})" in str(caught.value)
    assert config == BertConfig()


def test_replace_gives_a_copy_and_says_where_values_come_from() -> None:
    config = BertConfig(hidden_size=24)
    copy = config.replace({"hidden_dropout_prob": 0.0})
    assert (config.hidden_dropout_prob, copy.hidden_dropout_prob) == (0.1, 0.0)
    assert [copy.source(name) for name in ("hidden_size", "hidden_dropout_prob", "vocab_size")] == [
        "you",
        "you",
        "default",
    ]
    assert copy != config
    assert copy.replace({"hidden_dropout_prob": 0.1}) == config


def test_positional_values_are_refused() -> None:
    with pytest.raises(TypeError):
        BertConfig(30522)


def test_a_config_crosses_a_process_boundary() -> None:
    config = BertConfig(hidden_size=24, id2label={0: "no", 1: "yes"})
    again = pickle.loads(pickle.dumps(config))
    assert again == config
    assert again.source("hidden_size") == "you"
    import copy

    assert copy.deepcopy(config) == config


class TestLabels:
    """Three ways of stating labels, brought to one."""

    def test_names_give_the_count_and_the_inverse(self) -> None:
        config = BertConfig(id2label={0: "负面", 1: "正面"})
        assert config.num_labels == config.labels == 2
        assert config.label2id == {"负面": 0, "正面": 1}

    def test_a_count_alone_gives_plain_names(self) -> None:
        assert BertConfig(num_labels=3).id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}

    def test_nothing_stated_is_no_number(self) -> None:
        config = BertConfig()
        assert (config.num_labels, config.id2label, config.label2id) == (None, None, None)
        with pytest.raises(ConfigError, match="number of labels of the head is unknown") as caught:
            _ = config.labels
        assert caught.value.code == "E_LABELS"

    def test_words_as_numbers_are_numbers(self) -> None:
        assert BertConfig(id2label={"1": "b", "0": "a"}).id2label == {0: "a", 1: "b"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id2label": {0: "a", 2: "b"}},
            {"id2label": {1: "a", 2: "b"}},
            {"id2label": {"x": "a"}},
            {"id2label": {-1: "a"}},
            {"num_labels": 3, "id2label": {0: "a", 1: "b"}},
            {"id2label": {0: "a", 1: "b"}, "label2id": {"a": 1, "b": 0}},
            {"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0}},
            {"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0, "c": 1}},
        ],
    )
    def test_contradictions_and_gaps_raise(self, wrong) -> None:
        with pytest.raises(ConfigError) as caught:
            BertConfig(**wrong)
        assert caught.value.code == "E_CONFIG"

    def test_two_labels_of_one_name_have_no_inverse_to_be_held_to(self) -> None:
        assert BertConfig(id2label={0: "O", 1: "O"}, label2id={"O": 1}).num_labels == 2

    def test_a_new_statement_replaces_all_three(self) -> None:
        config = BertConfig(id2label={0: "a", 1: "b"})
        assert config.replace({"num_labels": 3}).id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
        assert config.replace({"id2label": {0: "x"}}).label2id == {"x": 0}
        assert config.replace({"id2label": {0: "x"}}).num_labels == 1
        assert config.replace({"hidden_size": 24}).id2label == {0: "a", 1: "b"}
