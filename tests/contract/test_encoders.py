"""Encoders after BERT: told apart by their weights, and what each refuses or has of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from torso import Task, load, new_model
from torso.compat.padded_model import PaddedModel
from torso.errors import TorsoError

from .families import registered
from .forms import rewritten, weights
from .reference import Reference, batch, close

KIN = {
    "bert": "Bert",
    "roberta": "Roberta",
    "distilbert": "DistilBert",
    "albert": "Albert",
    "electra": "Electra",
    "mpnet": "MPNet",
    "ernie": "Ernie",
    "megatron-bert": "MegatronBert",
}


def logits(made: Reference, folder: Path) -> Tensor:
    with torch.no_grad():
        return PaddedModel(load(folder, made.case.task))(**batch(made, "right", with_labels=False).shared)[0]


def unnamed(folder: Path) -> Path:
    """The folder without what its config says of the family."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": None, "architectures": None}))
    return folder


@pytest.mark.parametrize("kind", KIN)
def test_without_a_model_type_the_weights_tell_the_family(kind, reference, tmp_path) -> None:
    made: Reference = reference(kind, "plain", "token")
    folder = unnamed(rewritten(made.folder, tmp_path / "hfl" / "some-name", weights(made.folder)))
    assert load(folder, Task.TOKEN_CLASSIFICATION).architecture.family == KIN[kind]
    assert logits(made, folder).equal(logits(made, made.folder))


@pytest.mark.parametrize(
    "name",
    [
        "hfl/chinese-roberta-wwm-ext",
        "hfl/chinese-lert-base",
        "hfl/chinese-pert-base",
        "hfl/chinese-macbert-base",
        "hfl/rbtl3",
        "uer/roberta-base-finetuned-jd-binary-chinese",
        "IDEA-CCNL/Erlangshen-Roberta-110M-Sentiment",
    ],
)
def test_a_bert_under_another_name_is_a_bert(name, reference, tmp_path) -> None:
    """Neither the folder's name nor a word in it decides; the reference reads the same folder to the same numbers."""
    made: Reference = reference("bert", "plain", "masked-lm")
    folder = rewritten(made.folder, tmp_path / name, weights(made.folder), form="zip")
    model = load(folder, Task.MASKED_LM)
    assert model.architecture.family == "Bert"
    given = batch(made, "right", with_labels=False)
    with torch.no_grad():
        theirs = made.model(**given.shared).logits[given.here]
    close(logits(made, folder)[given.here], theirs)


def refused(code: str, model_type: str, **values: object) -> TorsoError:
    with pytest.raises(TorsoError) as caught:
        registered()[model_type].config(**values)
    assert caught.value.code == code
    return caught.value


def test_values_that_would_change_numbers_are_refused_by_name() -> None:
    assert "inner_group_num" in str(refused("E_CONFIG", "albert", inner_group_num=10**9))
    assert "num_hidden_layers" in str(refused("E_CONFIG", "albert", num_hidden_layers=10**9))
    assert "summary_type" in str(refused("E_UNSUPPORTED", "electra", summary_type="last"))
    assert "summary_use_proj" in str(refused("E_UNSUPPORTED", "electra", summary_use_proj=False))
    assert "relative_attention_num_buckets" in str(refused("E_UNSUPPORTED", "mpnet", relative_attention_num_buckets=64))
    for model_type in ("bert", "roberta", "albert", "electra", "ernie", "megatron-bert"):
        refused("E_UNSUPPORTED", model_type, position_embedding_type="relative_key")


def test_a_padding_token_behind_the_table_leaves_no_position() -> None:
    message = str(refused("E_CONFIG", "roberta", pad_token_id=511))
    assert "pad_token_id 511" in message
    assert "512 rows" in message
    assert registered()["roberta"].config(pad_token_id=510).max_tokens == 1


@pytest.mark.parametrize("kind", ["roberta", "mpnet"])
def test_rows_before_the_first_position_make_no_text_longer(kind, reference) -> None:
    made: Reference = reference(kind, "plain", "features")
    model = PaddedModel(load(made.folder))
    assert model.config.max_tokens == 22
    with torch.no_grad():
        assert model(torch.full((1, 22), 5)).last_hidden_state.shape[1] == 22
        with pytest.raises(TorsoError, match="22") as caught:
            model(torch.full((1, 23), 5))
    assert caught.value.code == "E_TOO_LONG"


@pytest.mark.parametrize("kind", ["roberta", "xlm-roberta", "camembert", "mpnet"])
def test_padding_tokens_within_a_text_count_no_position(kind, reference) -> None:
    made: Reference = reference(kind, "plain", "features")
    padding = made.model.embeddings.padding_idx
    ids = torch.tensor([[5, 6, padding, 7], [padding, 5, padding, 6]])
    with torch.no_grad():
        close(made.torso()(ids).last_hidden_state, made.model(ids).last_hidden_state)


def test_albert_has_one_block(reference) -> None:
    model = reference("albert", "plain", "features").torso().packed
    assert model.trunk.depth == 3
    assert len(set(model.trunk.layers)) == 1


def test_a_task_embedding_that_the_config_denies_is_no_part_of_the_trunk(reference, tmp_path) -> None:
    made: Reference = reference("ernie", "plain", "features")
    folder = rewritten(made.folder, tmp_path / "denied", weights(made.folder), use_task_id=False)
    with pytest.raises(TorsoError, match="task_type_embeddings") as caught:
        load(folder)
    assert caught.value.code == "E_UNCLAIMED"


def test_a_new_encoder_is_as_wide_as_its_config_says() -> None:
    config = registered()["electra"].config(vocab_size=11, embedding_size=6, hidden_size=8, num_hidden_layers=1)
    model = new_model(config, Task.MASKED_LM, seed=1)
    assert model.trunk.embed.project.weight.shape == (8, 6)
    assert model.head.mlp.dense.weight.shape == (6, 8)


def test_a_discriminator_learns_from_every_token_that_counts(reference) -> None:
    made: Reference = reference("electra", "plain", "replaced")
    given, model = batch(made, "right"), made.torso()
    labels = given.shared["labels"].clone()
    with torch.no_grad():
        whole = model(**given.shared)
        labels[0, 0] = -100
        fewer = model(**{**given.shared, "labels": labels}).loss
        wanted = torch.nn.functional.binary_cross_entropy_with_logits(
            whole.logits[labels != -100], labels[labels != -100].float()
        )
        torch.testing.assert_close(fewer, wanted)
        assert fewer != whole.loss
        labels[0, 0] = 2
        with pytest.raises(TorsoError, match="label is 2"):
            model(**{**given.shared, "labels": labels})
