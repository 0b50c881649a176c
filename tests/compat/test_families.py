"""Class names of every family, made from the registry."""

from __future__ import annotations

import pytest
import torch

import torso
from lazy import LazyModule
from torso.architecture import architectures
from torso.errors import TorsoError, UnsupportedError

transformers = LazyModule("transformers")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("RobertaModel", dict(num_hidden_layers=1, hidden_size=8, num_attention_heads=2, intermediate_size=8)),
        ("BloomForCausalLM", dict(n_layer=1, hidden_size=8, n_head=2)),
        ("GPT2LMHeadModel", dict(n_layer=1, n_embd=8, n_head=2)),
        ("T5ForConditionalGeneration", dict(num_layers=1, d_model=8, d_kv=4, d_ff=8, num_heads=2)),
    ],
)
def test_a_class_of_a_family_loads_its_models_and_no_others(name, values, tmp_path) -> None:
    theirs = getattr(transformers, name)
    theirs(theirs.config_class(vocab_size=20, **values)).save_pretrained(tmp_path)
    model = getattr(torso, name).from_pretrained(tmp_path)
    assert getattr(torso, name) is getattr(torso, name)
    more = dict(decoder_input_ids=torch.tensor([[0]])) if name.startswith("T5") else {}
    assert len(model(torch.tensor([[3, 4]]), **more))
    with pytest.raises(UnsupportedError) as caught:
        torso.ElectraModel.from_pretrained(tmp_path)
    assert caught.value.code == "E_FAMILY"


def test_every_family_has_its_classes() -> None:
    for architecture in architectures():
        if not architecture.config.__module__.startswith("torso.models."):
            continue
        for task in architecture.tasks:
            if task.name != "replaced-tokens":
                assert getattr(torso, architecture.class_name(task)).task is task


def test_tokenizers_by_family(beside) -> None:
    for name in ("BertTokenizer", "BertTokenizerFast"):
        assert getattr(torso, name).from_pretrained("rbt3")("我")["input_ids"] == [101, 2769, 102]


@pytest.mark.parametrize("name", ["AdamW", "SentenceTransformer", "NoSuchModel", "no_such_function", "NoSuchTokenizer"])
def test_a_name_that_is_not_there_is_an_error_with_a_cure(name) -> None:
    assert not hasattr(torso, name)
    with pytest.raises(TorsoError, match=f"torso has no {name}") as caught:
        getattr(torso, name)
    assert caught.value.code == "E_NAME"
    assert isinstance(caught.value, AttributeError)
    assert caught.value.cure
