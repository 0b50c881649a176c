"""Keyword arguments: followed, passed over or refused, and never a bare TypeError, whatever is misspelt."""

from __future__ import annotations

from difflib import SequenceMatcher
from inspect import Parameter, signature

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torso
from torso.errors import InputTypeError, TorsoError, UnsupportedError
from torso.io.arguments import ALIASES, nearest

FUNCTIONS = {
    **{
        name: getattr(torso, name)
        for name in torso.__all__
        if callable(getattr(torso, name)) and not isinstance(getattr(torso, name), type)
    },
    "AutoModel.from_pretrained": torso.AutoModel.from_pretrained,
    "AutoModelForCausalLM.from_pretrained": torso.AutoModelForCausalLM.from_pretrained,
    "BertModel.from_pretrained": torso.BertModel.from_pretrained,
    "AutoModel.from_config": torso.AutoModel.from_config,
    "AutoConfig.from_pretrained": torso.AutoConfig.from_pretrained,
    "AutoTokenizer.from_pretrained": torso.AutoTokenizer.from_pretrained,
}
IDS = torch.tensor([[101, 2769, 102]])


def called(function, name: str) -> TorsoError:
    needed = [
        each.name
        for each in signature(function).parameters.values()
        if each.default is Parameter.empty and each.kind is not Parameter.VAR_KEYWORD
    ]
    with pytest.raises(TorsoError) as caught:
        function(**dict.fromkeys(needed, "no-such-model"), **{name: 1})
    return caught.value


def near(name: str, error: TorsoError) -> bool:
    """Whether the proposed name, if any, is one slip or another library's word away."""
    meant = error.values.get("nearest")
    return meant is None or ALIASES.get(name) == meant or SequenceMatcher(None, name, meant).ratio() >= 0.7


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_misspelt_argument_is_an_error_with_a_near_name_or_none(name) -> None:
    function = FUNCTIONS[name]
    own = [each.name for each in signature(function).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]
    for right in own:
        for wrong in (right + "s", right[:-1], right[1:] + "_x", f"no_{right}"):
            if wrong in own or len(right) < 4:
                continue
            error = called(function, wrong)
            assert error.code == "E_ARGUMENT", (wrong, error)
            assert isinstance(error, TypeError)
            assert near(wrong, error), (wrong, error)
        if len(right) > 4:
            assert called(function, right + "x").values.get("nearest") == right


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.text("abcdefghijklmnopqrstuvwxyz_", min_size=3, max_size=20).map("q{}".format),
)
def test_no_argument_at_all_is_near_to_nonsense(name, wrong) -> None:
    error = called(FUNCTIONS[name], wrong)
    assert (error.code, isinstance(error, TypeError)) == ("E_ARGUMENT", True)
    assert near(wrong, error)


def test_far_names_are_not_proposed() -> None:
    known = ["num_labels", "hidden_size", "sep_token_id", "output_attentions"]
    assert [nearest(each, known) for each in ("use_cache", "to_dict", "chunk_size_feed_forward", "zzz")] == [None] * 4
    assert nearest("num_label", known) == "num_labels"
    for name in ("use_cache", "save_pretrainedd", "chunk_size_feed_forward"):
        with pytest.raises(TorsoError) as caught:
            torso.BertConfig(**{name: 1})
        assert "Did you mean" not in str(caught.value), caught.value


def test_a_missing_argument_is_named() -> None:
    for function, name in (
        (torso.classify, "texts"),
        (torso.AutoModel.from_pretrained, "pretrained_model_name_or_path"),
    ):
        with pytest.raises(InputTypeError, match=f"without {name}") as caught:
            function()
        assert caught.value.code == "E_ARGUMENT"


FOLLOWED = {
    "torch_dtype": (dict(torch_dtype=torch.bfloat16), lambda m: m.dtype is torch.bfloat16),
    "torch_dtype-word": (dict(torch_dtype="float64"), lambda m: m.dtype is torch.float64),
    "torch_dtype-auto": (dict(torch_dtype="auto"), lambda m: m.dtype is torch.float32),
    "device_map-auto": (dict(device_map="auto"), lambda m: m.device.type in ("cpu", "cuda")),
    "device_map-cpu": (dict(device_map="cpu"), lambda m: m.device.type == "cpu"),
    "device_map-device": (dict(device_map=torch.device("cpu")), lambda m: m.device.type == "cpu"),
    "device_map-table": (dict(device_map={"": "cpu"}), lambda m: m.device.type == "cpu"),
    "label2id": (dict(label2id={"b": 1, "a": 0}), lambda m: m.config.id2label == {0: "a", 1: "b"}),
    "both-tables": (dict(id2label={0: "a", 1: "b"}, label2id={"a": 0, "b": 1}), lambda m: m.config.num_labels == 2),
    "problem_type": (
        dict(num_labels=2, problem_type="multi_label_classification"),
        lambda m: m.config.problem_type == "multi_label_classification",
    ),
    "config-key": (dict(hidden_dropout_prob=0.5), lambda m: m.config.hidden_dropout_prob == 0.5),
    "another-config-key": (dict(layer_norm_eps=1e-6), lambda m: m.config.layer_norm_eps == 1e-6),
    "numpy": (dict(num_labels=torch.tensor(3).numpy()[()]), lambda m: m.config.num_labels == 3),
    "features-without-labels": (dict(num_labels=2), lambda m: m.config.num_labels == 2),
}
PASSED_OVER = dict(
    low_cpu_mem_usage=True,
    use_safetensors=True,
    attn_implementation="eager",
    trust_remote_code=False,
    resume_download=True,
    proxies=None,
    mirror="tuna",
    use_cache=False,
    return_dict=True,
    load_in_8bit=False,
    quantization_config=None,
)
REFUSED = {
    "trust_remote_code": (dict(trust_remote_code=True), "torso never does"),
    "load_in_4bit": (dict(load_in_4bit=True), "optimise"),
    "load_in_8bit": (dict(load_in_8bit=True), "optimise"),
    "quantization_config": (dict(quantization_config={"bits": 4}), "optimise"),
    "from_tf": (dict(from_tf=True), "TensorFlow"),
    "variant": (dict(variant="fp16"), "dtype"),
    "device_map": (dict(device_map={"a": 0, "b": 1}), "one device"),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_what_has_a_meaning_is_followed(case, beside) -> None:
    asked, holds = FOLLOWED[case]
    assert holds(torso.AutoModelForSequenceClassification.from_pretrained("rbt3", **asked))


def test_what_changes_nothing_is_passed_over(beside, capfd) -> None:
    plain, noisy = (torso.AutoModel.from_pretrained("rbt3", **more) for more in ({}, PASSED_OVER))
    assert plain(IDS).last_hidden_state.equal(noisy(IDS, use_cache=False, head_mask=None).last_hidden_state)
    assert torso.AutoModel.from_pretrained("rbt3", num_labels=5)(IDS).last_hidden_state.shape[-1] == 48
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_hold_is_refused_with_the_reason(case, beside) -> None:
    asked, says = REFUSED[case]
    with pytest.raises(UnsupportedError, match=says) as caught:
        torso.AutoModel.from_pretrained("rbt3", **asked)
    assert caught.value.code == "E_ARGUMENT"


def test_a_pooler_may_be_left_out_and_a_folder_within_be_named(beside, tmp_path) -> None:
    model = torso.AutoModel.from_pretrained("rbt3", add_pooling_layer=False)
    assert "pooler_output" not in model(IDS)
    assert torso.AutoModel.from_pretrained(str(beside.parent), subfolder="rbt3").config == model.config
    model.save_pretrained(tmp_path)
    assert "pooler_output" not in torso.AutoModel.from_pretrained(tmp_path)(IDS)


def test_a_tokenizer_s_sides_and_length_are_followed(beside) -> None:
    tokenizer = torso.AutoTokenizer.from_pretrained("rbt3", padding_side="left", model_max_length=9, legacy=False)
    assert (tokenizer.padding_side, tokenizer.model_max_length) == ("left", 9)
    assert tokenizer(["我", "我我"], padding=True)["attention_mask"][0] == [0, 1, 1, 1]
    for wrong in (dict(padding_side="top"), dict(padding_sid="left"), dict(trust_remote_code=True)):
        with pytest.raises(TorsoError) as caught:
            torso.AutoTokenizer.from_pretrained("rbt3", **wrong)
        assert caught.value.code == "E_ARGUMENT"


def test_arguments_of_a_call(beside) -> None:
    model = torso.AutoModel.from_pretrained("rbt3")
    for asked in (dict(head_mask=torch.ones(3, 12)), dict(past_key_values=()), dict(task_type_ids=IDS)):
        with pytest.raises(TorsoError) as caught:
            model(IDS, **asked)
        assert caught.value.code == "E_ARGUMENT"
    assert "last_hidden_state" in model(IDS, task_type_ids=torch.zeros_like(IDS))
    with pytest.raises(InputTypeError, match="Did you mean attention_mask"):
        model(IDS, atention_mask=IDS)
    with pytest.raises(TorsoError, match="input_ids or inputs_embeds"):
        model()
