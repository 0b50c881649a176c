"""Heads at the border: where they come from, how large they are, and whether they are trained."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import TorsoError, UnsupportedError

transformers = LazyModule("transformers")

FIXED = {
    "AutoModelForQuestionAnswering": "question-answering",
    "AutoModelForMultipleChoice": "multiple-choice",
    "BertForQuestionAnswering": "question-answering",
    "BertForMultipleChoice": "multiple-choice",
}
THERE = (
    "AutoModelForMaskedLM",
    "AutoModelForNextSentencePrediction",
    "BertForMaskedLM",
    "BertForNextSentencePrediction",
)
LABELLED = {
    "AutoModelForSequenceClassification": "sequence-classification",
    "AutoModelForTokenClassification": "token-classification",
    "BertForSequenceClassification": "sequence-classification",
    "BertForTokenClassification": "token-classification",
}
NAMES = ["负面", "正面", "中性"]


@pytest.mark.parametrize("kind", THERE)
def test_heads_that_the_file_holds_are_trained_and_silent(kind, beside, capfd) -> None:
    model = getattr(torso, kind).from_pretrained("rbt3")
    assert model.head_trained
    assert model(torch.tensor([[101, 2769, 102]])).head_trained
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", FIXED)
def test_a_head_of_fixed_size_is_made_with_one_line(kind, beside, capfd) -> None:
    model = getattr(torso, kind).from_pretrained("./rbt3")
    assert not model.head_trained
    out, told = capfd.readouterr()
    assert (out, told) == (
        "",
        f"torso: ./rbt3 has no {FIXED[kind]} head. "
        "Made a new one, untrained: its scores mean nothing until you train it.\n",
    )


@pytest.mark.parametrize("kind", LABELLED)
@pytest.mark.parametrize(
    "asked",
    [{"num_labels": 3}, {"labels": NAMES}, {"id2label": dict(enumerate(NAMES))}, {"changes": {"num_labels": 3}}],
)
def test_a_labelled_head_is_made_where_its_size_is_given(kind, asked, beside, capfd) -> None:
    model = getattr(torso, kind).from_pretrained("rbt3", **asked)
    out = model(torch.tensor([[101, 2769, 102]]))
    assert out.logits.shape[-1] == model.config.num_labels == 3
    assert (model.head_trained, out.head_trained) == (False, False)
    assert list(model.config.id2label.values()) == (
        NAMES if "labels" in asked or "id2label" in asked else ["LABEL_0", "LABEL_1", "LABEL_2"]
    )
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_labels_numbered_as_json_does_keep_their_order(beside) -> None:
    names = [f"name {number}" for number in range(12)]
    stated = json.loads(json.dumps({"id2label": dict(enumerate(names))}))
    model = torso.AutoModelForSequenceClassification.from_pretrained("rbt3", **stated)
    assert [*model.config.id2label.values()] == names
    for wrong in ({"id2label": {0: "a", 2: "b"}}, {"id2label": {0: "a", 1: "b"}, "num_labels": 3}):
        with pytest.raises(TorsoError) as caught:
            torso.AutoModelForSequenceClassification.from_pretrained("rbt3", **wrong)
        assert caught.value.code == "E_CONFIG"


@pytest.mark.parametrize("kind", LABELLED)
def test_a_labelled_head_without_a_size_has_two_labels_as_in_transformers_and_says_so(kind, beside, capfd) -> None:
    model = getattr(torso, kind).from_pretrained("rbt3")
    assert model.config.num_labels == 2
    assert not model.head_trained
    out, said = capfd.readouterr()
    assert (out, len(said.splitlines())) == ("", 1)
    assert "nothing says how many labels" in said
    with pytest.raises(TorsoError):
        torso.load("rbt3", LABELLED[kind])


def test_a_size_in_the_config_is_a_size(beside, tmp_path, capfd) -> None:
    shutil.copytree(beside, tmp_path / "named")
    config = json.loads((tmp_path / "named" / "config.json").read_text())
    config["id2label"] = {"0": "a", "1": "b"}
    (tmp_path / "named" / "config.json").write_text(json.dumps(config))
    model = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path / "named")
    assert model.config.num_labels == 2
    assert not model.head_trained
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_a_config_of_ones_own_is_used(beside, capfd) -> None:
    config = torso.AutoConfig.from_pretrained("rbt3", num_labels=4, output_attentions=True)
    model = torso.AutoModelForSequenceClassification.from_pretrained("rbt3", config=config)
    out = model(torch.tensor([[101, 2769, 102]]))
    assert out.logits.shape == (1, 4)
    assert len(out.attentions) == 3
    narrow = config.replace({"hidden_size": 24})
    with pytest.raises(TorsoError) as caught:
        torso.AutoModel.from_pretrained("rbt3", config=narrow)
    assert caught.value.code == "E_CONFIG_WEIGHTS"


@pytest.fixture
def nine(tmp_path, offline):
    """A tagger of nine labels."""
    torch.manual_seed(0)
    names = {n: f"B-{n}" for n in range(9)}
    config = transformers.BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, id2label=names
    )
    transformers.BertForTokenClassification(config).save_pretrained(tmp_path / "nine")
    return str(tmp_path / "nine")


def test_the_file_s_own_head_is_used_as_it_is(nine, capfd) -> None:
    model = torso.AutoModelForTokenClassification.from_pretrained(nine)
    assert model.head_trained
    assert model.config.id2label[8] == "B-8"
    assert torso.AutoModelForTokenClassification.from_pretrained(nine, num_labels=9).head_trained
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("asked", [{"num_labels": 5}, {"labels": [*"abcde"]}, {"id2label": dict(enumerate("abcde"))}])
def test_another_number_of_labels_is_an_error_unless_it_may_be_replaced(nine, asked, capfd) -> None:
    kind = torso.AutoModelForTokenClassification
    with pytest.raises(TorsoError, match=r"classifies into 9 labels \(B-0, B-1, .*5 were asked for") as caught:
        kind.from_pretrained(nine, **asked)
    assert caught.value.code == "E_LABELS"
    assert "ignore_mismatched_sizes=True" in caught.value.cure or "new_head=True" in caught.value.cure
    assert capfd.readouterr() == ("", "")
    model = kind.from_pretrained(nine, ignore_mismatched_sizes=True, **asked)
    assert model.config.num_labels == 5
    assert not model.head_trained
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_a_wrong_trunk_is_an_error_whatever_may_be_replaced(nine, tmp_path) -> None:
    config = json.loads((tmp_path / "nine" / "config.json").read_text())
    (tmp_path / "nine" / "config.json").write_text(json.dumps({**config, "intermediate_size": 9}))
    with pytest.raises(TorsoError) as caught:
        torso.AutoModelForTokenClassification.from_pretrained(nine, num_labels=5, ignore_mismatched_sizes=True)
    assert caught.value.code == "E_CONFIG_WEIGHTS"


def test_what_was_trained_and_saved_counts_as_trained(beside, tmp_path, capfd) -> None:
    model = torso.AutoModelForSequenceClassification.from_pretrained("rbt3", labels=NAMES)
    tokenizer = torso.AutoTokenizer.from_pretrained("rbt3")
    model.save_pretrained(tmp_path / "mine", tokenizer=tokenizer)
    capfd.readouterr()
    again = torso.AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine")
    assert again.head_trained
    assert [*again.config.id2label.values()] == NAMES
    given = torso.AutoTokenizer.from_pretrained(tmp_path / "mine")("弱小的我", return_tensors="pt")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "mine")
    assert theirs.config.id2label == dict(enumerate(NAMES))
    with torch.no_grad():
        torch.testing.assert_close(again(**given).logits, theirs(**given).logits, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(model(**given).logits, again(**given).logits)
    assert torso.AutoConfig.from_pretrained(tmp_path / "mine").pooler_type == "first_token_transform"


def test_a_model_from_a_config_is_untrained_and_repeatable() -> None:
    config = torso.BertConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=2
    )
    one, same, other = (torso.AutoModelForSequenceClassification.from_config(config, seed=each) for each in (1, 1, 2))
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        assert one.eval()(ids).logits.equal(same.eval()(ids).logits)
        assert not one(ids).logits.equal(other.eval()(ids).logits)
    assert not one(ids).head_trained


@pytest.mark.parametrize("kind", ["AutoModelForCausalLM", "AutoModelForSeq2SeqLM"])
def test_a_task_that_the_family_lacks_is_refused_with_those_it_has(kind, beside) -> None:
    with pytest.raises(UnsupportedError, match=r"A Bert model has no head for .* It has heads for: features") as caught:
        getattr(torso, kind).from_pretrained("rbt3")
    assert caught.value.code == "E_TASK_UNSUPPORTED"


def test_arguments_that_do_not_exist_are_refused(beside) -> None:
    with pytest.raises(TypeError, match="output_attention"):
        torso.AutoModel.from_pretrained("rbt3", output_attention=True)
    with pytest.raises(TorsoError, match="Did you mean output_attentions"):
        torso.AutoModel.from_pretrained("rbt3", changes={"output_attention": True})
    for fast in (True, False):  # there is one kind
        assert torso.AutoTokenizer.from_pretrained("rbt3", use_fast=fast).is_fast


def test_attentions_asked_before_after_and_in_the_call_are_the_same(beside) -> None:
    given = torso.AutoTokenizer.from_pretrained("rbt3")("弱小的我也有大梦想！", return_tensors="pt")
    before = torso.AutoModel.from_pretrained("rbt3", output_attentions=True)
    after = torso.AutoModel.from_pretrained("rbt3")
    with torch.no_grad():
        first = before(**given).attentions
        call = after(**given, output_attentions=True).attentions
        after.packed.set({"output_attentions": True})
        second = after(**given).attentions
    for one, two, three in zip(first, call, second, strict=True):
        assert one.equal(two)
        assert one.equal(three)


def test_the_dtype_and_device_asked_for(beside) -> None:
    assert torso.AutoModel.from_pretrained("rbt3", dtype="bfloat16").dtype == torch.bfloat16
    assert torso.AutoModel.from_pretrained("rbt3", dtype=torch.float16).dtype == torch.float16
    assert torso.AutoModel.from_pretrained("rbt3", device="cpu").device == torch.device("cpu")


def test_models_are_in_evaluation_mode(beside) -> None:
    assert not torso.AutoModel.from_pretrained("rbt3").training
    assert not torso.load("rbt3").training
