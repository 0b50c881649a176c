"""Heads of several tasks that have the same names: the config's ``architectures`` tells whose it is."""

from __future__ import annotations

import json

import pytest
import torch

import torso
from lazy import LazyModule
from torso.errors import WeightsError

transformers = LazyModule("transformers")

TINY = dict(
    vocab_size=16, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
    max_position_embeddings=32, num_labels=3,
)  # fmt: skip
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijk"]
HEADS = {
    "SequenceClassification": ("sequence-classification", torso.Task.SEQUENCE_CLASSIFICATION),
    "TokenClassification": ("token-classification", torso.Task.TOKEN_CLASSIFICATION),
    "MultipleChoice": ("multiple-choice", torso.Task.MULTIPLE_CHOICE),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for family in ("Bert", "Electra", "XLMRoberta"):
        config = getattr(transformers, f"{family}Config")(**TINY, pad_token_id=0)
        for head in HEADS:
            folder = made[family, head] = tmp_path_factory.mktemp(f"{family}{head}")
            getattr(transformers, f"{family}For{head}")(config).save_pretrained(folder)
            (folder / "vocab.txt").write_text("\n".join(WORDS))
    return made


@pytest.mark.parametrize("there", HEADS)
@pytest.mark.parametrize("asked", HEADS)
def test_only_the_tasks_own_head_is_taken(there, asked, folders, capfd) -> None:
    for family in ("Bert", "Electra"):
        folder = folders[family, there]
        if there == asked:
            assert torso.load(folder, HEADS[asked][1]).head_trained
            continue
        with pytest.raises(WeightsError) as caught:
            torso.load(folder, HEADS[asked][1])
        assert caught.value.code == "E_NO_HEAD"
        if family == "Bert":  # the heads of ELECTRA for texts are built otherwise, and have names of their own
            assert f"a head for {HEADS[there][0]}, and none for {HEADS[asked][0]}" in str(caught.value)
            capfd.readouterr()
            model = getattr(torso, f"AutoModelFor{asked}").from_pretrained(folder)
            assert not model.head_trained
            told = capfd.readouterr().err
            assert f"is for {HEADS[there][0]}, and was left out" in told
            if "MultipleChoice" not in (asked, there):
                assert model.config.num_labels == 2
                assert "num_labels=..." in told


def test_functions_name_the_head_that_is_there(folders) -> None:
    with pytest.raises(WeightsError, match="sequence-classification, and none for token-classification"):
        torso.tag("a b", model=str(folders["Bert", "SequenceClassification"]))
    with pytest.raises(WeightsError, match="token-classification, and none for sequence-classification"):
        torso.classify("a b", model=str(folders["Bert", "TokenClassification"]))


def test_a_head_of_other_labels_is_called_what_it_is(folders, capfd) -> None:
    folder = folders["Bert", "SequenceClassification"]
    model = torso.AutoModelForSequenceClassification.from_pretrained(folder, num_labels=5, ignore_mismatched_sizes=True)
    assert model.config.num_labels == 5
    (line,) = capfd.readouterr().err.splitlines()
    assert "head of" in line
    assert "has other labels" in line
    assert "has no" not in line


@pytest.mark.parametrize("said", [None, ["DualModel"], ["BertModel"], ["BertForMaskedLM"]])
def test_without_a_word_of_the_config_names_decide(said, folders, tmp_path) -> None:
    source = folders["Bert", "TokenClassification"]
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((source / "config.json").read_text()) | {"architectures": said}
    (tmp_path / "config.json").write_text(json.dumps({key: value for key, value in config.items() if value}))
    assert torso.load(tmp_path, torso.Task.TOKEN_CLASSIFICATION).head_trained


def test_the_new_head_is_not_the_other_tasks(folders) -> None:
    folder = folders["XLMRoberta", "TokenClassification"]
    torch.manual_seed(0)
    model = torso.AutoModelForMultipleChoice.from_pretrained(folder)
    assert not model.head_trained
