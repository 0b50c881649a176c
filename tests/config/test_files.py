"""Lenient to files: what a file holds is kept, shown, and written back as it was; what cannot be is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from torso import AutoConfig, BertConfig
from torso.config.config_file import ConfigFile
from torso.errors import TorsoError
from torso.loading.load import read_config

RBT3 = """{
  "architectures": [
    "BertForMaskedLM"
  ],
  "attention_probs_dropout_prob": 0.1,
  "directionality": "bidi",
  "hidden_act": "gelu",
  "hidden_dropout_prob": 0.1,
  "hidden_size": 768,
  "initializer_range": 0.02,
  "intermediate_size": 3072,
  "layer_norm_eps": 1e-12,
  "max_position_embeddings": 512,
  "model_type": "bert",
  "num_attention_heads": 12,
  "num_hidden_layers": 3,
  "output_past": true,
  "pad_token_id": 0,
  "pooler_fc_size": 768,
  "pooler_num_attention_heads": 12,
  "pooler_num_fc_layers": 3,
  "pooler_size_per_head": 128,
  "pooler_type": "first_token_transform",
  "type_vocab_size": 2,
  "vocab_size": 21128
}
"""
FOREIGN = {
    "directionality": "bidi",
    "output_past": True,
    "pooler_fc_size": 768,
    "pooler_num_attention_heads": 12,
    "pooler_num_fc_layers": 3,
    "pooler_size_per_head": 128,
    "pooler_type": "first_token_transform",
}


def parsed(text: str, folder: Path = Path()) -> BertConfig:
    return BertConfig.from_file(ConfigFile.parse(text, folder / "config.json"))


def with_values(**values: object) -> str:
    return json.dumps({"model_type": "bert", **values})


class TestForeignKeys:
    """The course's own model: seven keys of its file are no parameters of BERT."""

    def test_they_are_kept_and_shown_as_unused(self) -> None:
        config = parsed(RBT3)
        assert config.unused == FOREIGN
        for name, value in FOREIGN.items():
            row = config.describe()[name]
            assert (row.value, row.source, row.acts, row.used) == (value, "file", "none", False)
            assert "not used by this model" in row.meaning
            assert getattr(config, name) == value

    def test_they_are_written_back_to_the_byte_and_in_their_order(self) -> None:
        assert parsed(RBT3).text() == RBT3

    def test_a_change_leaves_everything_else_as_it_was(self) -> None:
        changed = parsed(RBT3).replace({"hidden_dropout_prob": 0.0, "output_attentions": True}).text()
        before, after = RBT3.splitlines(), changed.splitlines()
        assert [line for line in after if line.rstrip(",") not in {each.rstrip(",") for each in before}] == [
            '  "hidden_dropout_prob": 0.0,',
            '  "output_attentions": true',
        ]
        assert list(json.loads(changed))[:-1] == list(json.loads(RBT3))

    def test_a_change_and_its_undoing_change_nothing(self) -> None:
        config = parsed(RBT3)
        assert config.replace({"hidden_size": 24}).replace({"hidden_size": 768}).text() == RBT3

    def test_names_of_labels_are_written_as_people_read_them(self) -> None:
        text = parsed(RBT3).replace({"id2label": {0: "负面", 1: "正面"}}).text()
        assert '"0": "负面"' in text
        assert '"正面": 1' in text

    def test_they_cannot_be_set(self) -> None:
        with pytest.raises(TorsoError, match="no parameter 'directionality'"):
            parsed(RBT3).replace({"directionality": "left"})


@pytest.mark.parametrize(
    "written",
    [
        '"layer_norm_eps": 1E-12',
        '"layer_norm_eps": 0.000000000001',
        '"layer_norm_eps": 1.0e-12',
        '"vocab_size": 30522,   "x":  {"b": 1, "a": [1,2 ,3]}',
        '"\\u4e2d": "\\u6587"',
        '"中": "文"',
        '"big": 123456789012345678901234567890',
        '"fine": 0.1000000000000000055511151231257827',
        '"hidden_dropout_prob": 1',
        '"pruned_heads": {}',
        '"torch_dtype": "float32"',
        '"dtype": "float32"',
        '"num_labels": 3',
        '"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 0, "b": 1}',
        '"id2label": {"1": "b", "0": "a"}',
        '"task_specific_params": null, "_num_labels": 2',
    ],
)
def test_values_keep_their_very_characters(written) -> None:
    text = f'{{"model_type": "bert", {written}}}'
    again = parsed(text).text()
    assert json.loads(again) == json.loads(text)
    for line in again.splitlines()[2:-1]:
        assert line.partition(": ")[2].rstrip(",") in written
    assert parsed(again).text() == again
    assert parsed(again) == parsed(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pad_token_id", -1),
        ("pad_token_id", 10**9),
        ("pad_token_id", "0"),
        ("pad_token_id", [0]),
        ("eos_token_id", [1, 2]),
        ("eos_token_id", "</s>"),
        ("bos_token_id", 1.5),
        ("architectures", None),
        ("architectures", "BertModel"),
        ("dtype", 32),
        ("torch_dtype", "bfloat16"),
        ("transformers_version", 5),
        ("use_cache", "yes"),
        ("auto_map", {"AutoModel": "evil.py--Evil"}),
        ("_name_or_path", "/somewhere"),
        ("custom_pipelines", {}),
    ],
)
def test_what_changes_nothing_need_not_be_right_in_a_file(name, value) -> None:
    text = with_values(**{name: value})
    config = parsed(text)
    assert json.loads(config.text()) == json.loads(text)


def test_the_harmless_but_odd_reads_as_the_default_and_is_still_written_back() -> None:
    config = parsed(with_values(pad_token_id="zero"))
    assert config.pad_token_id == 0
    assert '"pad_token_id": "zero"' in config.text()


def test_code_of_a_checkpoint_is_named_and_never_run() -> None:
    assert "never run" in parsed(with_values(auto_map={"AutoModel": "x"})).describe()["auto_map"].meaning


def test_num_labels_of_a_file_gives_way_to_its_names() -> None:
    assert parsed(with_values(num_labels=5, id2label={"0": "a", "1": "b"})).num_labels == 2


def test_the_older_name_of_dtype_is_read_and_kept() -> None:
    config = parsed(with_values(torch_dtype="float16"))
    assert config.dtype == "float16"
    assert json.loads(config.replace({"dtype": "float32"}).text()) == {"model_type": "bert", "torch_dtype": "float32"}


MALFORMED = {
    "cut": ('{"model_type": "bert", "hidden', "E_CONFIG", "line 1"),
    "not-json": ("model_type: bert", "E_CONFIG", "line 1"),
    "list": ('["bert"]', "E_CONFIG", "list"),
    "nan": ('{"model_type": "bert",\n "layer_norm_eps": NaN}', "E_CONFIG", "layer_norm_eps"),
    "infinity": ('{"model_type": "bert", "layer_norm_eps": Infinity}', "E_CONFIG", "layer_norm_eps"),
    "too-large": ('{"model_type": "bert", "layer_norm_eps": 1e999}', "E_CONFIG", "layer_norm_eps"),
    "twice": ('{"model_type": "bert",\n "hidden_size": 1,\n "hidden_size": 2}', "E_CONFIG", "hidden_size"),
    "deep": ('{"model_type": "bert", "x": ' + "[" * 70 + "]" * 70 + "}", "E_CONFIG", ""),
    "unknown-type": ('{"model_type": "bertt"}', "E_UNSUPPORTED", "Nearest: bert"),
    "size-as-text": (with_values(hidden_size="16"), "E_CONFIG", "hidden_size"),
    "size-as-fraction": (with_values(hidden_size=16.0), "E_CONFIG", "hidden_size"),
    "size-as-truth": (with_values(hidden_size=True), "E_CONFIG", "hidden_size"),
    "size-as-nothing": (with_values(hidden_size=None), "E_CONFIG", "hidden_size"),
    "heads": (with_values(hidden_size=16, num_attention_heads=3), "E_CONFIG", "num_attention_heads"),
    "layers-none": (with_values(num_hidden_layers=0), "E_CONFIG", "num_hidden_layers"),
    "layers-negative": (with_values(num_hidden_layers=-1), "E_CONFIG", "num_hidden_layers"),
    "activation": (with_values(hidden_act="gelu_newest"), "E_UNSUPPORTED", "Nearest: gelu_new"),
    "activation-with-weights": (with_values(hidden_act="prelu"), "E_UNSUPPORTED", "hidden_act"),
    "positions": (with_values(position_embedding_type="relative_key"), "E_UNSUPPORTED", "position_embedding_type"),
    "epsilon-zero": (with_values(layer_norm_eps=0), "E_CONFIG", "layer_norm_eps"),
    "epsilon-negative": (with_values(layer_norm_eps=-1e-12), "E_CONFIG", "layer_norm_eps"),
    "epsilon-huge": (with_values(layer_norm_eps=1e30), "E_CONFIG", "layer_norm_eps"),
    "labels-gap": (with_values(id2label={"0": "a", "2": "b"}), "E_CONFIG", "id2label"),
    "pruned": (with_values(pruned_heads={"0": [1]}), "E_UNSUPPORTED", "pruned_heads"),
    "decoder": (with_values(is_decoder=True), "E_UNSUPPORTED", "is_decoder"),
    "empty": ("", "E_EMPTY", ""),
    "empty-table": ("{}", "E_MISSING_WEIGHTS", ""),
    "type-as-number": ('{"model_type": 3}', "E_MISSING_WEIGHTS", ""),
    "web-page": ("<!DOCTYPE html><html></html>", "", ""),
    "pointer": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n",
        "E_LFS_POINTER",
        "",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_explained(name, tmp_path) -> None:
    text, code, told = MALFORMED[name]
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(TorsoError) as caught:
        read_config(tmp_path)
    assert not code or caught.value.code == code
    assert told in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_bytes_that_are_no_text_and_a_mark_at_the_beginning(tmp_path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"\xff\xfe{\x00}\x00")
    with pytest.raises(TorsoError):
        read_config(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + RBT3.encode())
    assert read_config(tmp_path)[1] == parsed(RBT3)


def test_no_file_and_no_folder_are_told_apart(tmp_path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_config(tmp_path)
    assert caught.value.code == "E_MISSING_FILE"


def test_auto_config_changes_what_it_is_asked_to(tmp_path, offline) -> None:
    (tmp_path / "config.json").write_text(RBT3)
    config = AutoConfig.from_pretrained(
        tmp_path, num_labels=3, output_attentions=True, output_hidden_states=False, changes={"hidden_dropout_prob": 0.0}
    )
    assert (config.num_labels, config.output_attentions, config.output_hidden_states) == (3, True, False)
    assert config.hidden_dropout_prob == 0
    assert AutoConfig.from_pretrained(tmp_path, id2label={0: "x"}).label2id == {"x": 0}
    assert AutoConfig.from_pretrained(tmp_path).text() == RBT3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [each.name for each in BertConfig.declared()] + ["torch_dtype", "pruned_heads", "foreign", ""]


def parsed_or_refused(text: str) -> BertConfig | TorsoError:
    """What becomes of a text; any other error than a typed one is a failure."""
    try:
        return parsed(text)
    except TorsoError as error:
        return error


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6), st.sampled_from([None, 0, 1, 4]))
@example({"eos_token_id": [True]}, None)
@example({"id2label": {"²": "a"}}, None)
@example({"id2label": {"0": "a", "00": "b"}}, None)
@example({"num_labels": -1}, None)
@example({"id2label": {"0": []}, "label2id": {"a": 0}}, None)
@example({"id2label": [1], "label2id": {"a": 0}}, None)
@example({"hidden_size": 10**400}, None)
def test_any_file_is_a_config_or_a_typed_error(values, indent) -> None:
    text = json.dumps({"model_type": "bert", **values}, indent=indent, ensure_ascii=False)
    config = parsed_or_refused(text)
    if isinstance(config, TorsoError):
        assert config.code in ("E_CONFIG", "E_UNSUPPORTED", "E_LIMIT")
        assert "config.json" in str(config)
        return
    again = parsed(config.text())
    assert again == config
    assert json.loads(config.text()) == json.loads(text)
    assert repr(config.describe())
    assert len(config.describe()) >= len(BertConfig.declared())


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60) | st.from_regex(r'\{ *"[a-z_]{1,6}" *: *[-0-9.eE"\[\]{}]{0,8} *\}', fullmatch=True))
@example('{"a":1,}')
@example('{"a" 1}')
@example("\ufeff{}")
@example('{"model_type": "bert"} x')
def test_any_text_is_a_config_or_a_typed_error(text) -> None:
    config = parsed_or_refused(text)
    assert str(config) if isinstance(config, TorsoError) else parsed(config.text()) == config


VALID = st.fixed_dictionaries(
    {},
    optional={
        "vocab_size": st.integers(1, 10**6),
        "num_hidden_layers": st.integers(1, 200),
        "hidden_dropout_prob": st.floats(0, 1),
        "classifier_dropout": st.none() | st.floats(0, 1),
        "layer_norm_eps": st.floats(1e-12, 1e-3),
        "hidden_act": st.sampled_from(["gelu", "relu", "silu"]),
        "id2label": st.lists(st.text(max_size=5), min_size=1, max_size=5, unique=True).map(
            lambda x: dict(enumerate(x))
        ),
        "output_attentions": st.booleans(),
        "eos_token_id": st.none() | st.integers() | st.lists(st.integers(), max_size=3),
        "pad_token_id": st.none() | st.integers(),
        "tie_word_embeddings": st.booleans(),
    },
)


@settings(deadline=None, max_examples=50)
@given(VALID, VALID)
def test_what_is_written_is_read_back(values, changes) -> None:
    config = BertConfig(**values)
    assert parsed(config.text()) == config
    assert parsed(RBT3).replace(values) == parsed(parsed(RBT3).replace(values).text())
    assert config.replace(changes) == parsed(config.text()).replace(changes)
    assert parsed(parsed(config.text()).replace(changes).text()) == config.replace(changes)
