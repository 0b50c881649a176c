"""Files of one family under the type of another: JinaBERT, which is of the type "bert" on the Hub."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import linear, relu

import torso
from conftest import seed
from text.vocabularies import folder_of
from torso import Task, load
from torso.compat.padded_model import PaddedModel
from torso.config.inferred_model_type import inferred_model_type
from torso.errors import TorsoError
from torso.host_batch import HostBatch, Wanted
from torso.inspection.trained_heads import trained_heads
from torso.loading.load import read_config

from .jina_bert import BASE, JinaBert
from .plain_reference import masked_head
from .reference import close

# The first as it is published; of the others the sizes are, and the rest is taken to be as in the first.
PUBLISHED = {
    "jinaai/jina-embeddings-v2-base-en": (BASE, 137_368_320),
    "jinaai/jina-embeddings-v2-base-zh": ({**BASE, "vocab_size": 61056, "torch_dtype": "float16"}, None),
    "jinaai/jina-embeddings-v2-small-en": (
        {**BASE, "hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8, "num_hidden_layers": 4},
        None,
    ),
}
SMALL = {"vocab_size": 41, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {**SMALL, "num_attention_heads": 2},
    "relu": {**SMALL, "feed_forward_type": "reglu", "layer_norm_eps": 1e-3, "type_vocab_size": 1},
    "many-heads": {**SMALL, "hidden_size": 48, "num_attention_heads": 12, "hidden_act": "relu"},
}


def drawn() -> dict[str, Any]:
    dice = random.Random(seed())
    heads = dice.randint(1, 7)
    return {
        "vocab_size": dice.randint(21, 70),
        "num_attention_heads": heads,
        "hidden_size": heads * 4 * dice.randint(1, 3),
        "intermediate_size": 4 * dice.randint(1, 10),
        "num_hidden_layers": dice.randint(1, 3),
        "feed_forward_type": dice.choice(["geglu", "reglu"]),
        "type_vocab_size": dice.randint(1, 3),
        "layer_norm_eps": dice.choice([1e-12, 1e-5]),
    }


def texts(made: JinaBert) -> list[tuple[Tensor, Tensor]]:
    dice = torch.Generator().manual_seed(7)
    most, kinds = made.values["vocab_size"], made.values["type_vocab_size"]
    sizes = (7, 1, 12, 300, 3)
    return [
        (torch.randint(1, most, (n,), generator=dice), torch.randint(0, kinds, (n,), generator=dice)) for n in sizes
    ]


@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_every_layer_is_the_reference_s(name, prefix, tmp_path) -> None:
    made = JinaBert.made(CONFIGS.get(name) or drawn())
    model = PaddedModel(load(made.saved(tmp_path, prefix)))
    assert model.packed.architecture.family == "JinaBert"
    whole = texts(made)
    width = max(len(ids) for ids, _ in whole)
    for padding in ("right", "left"):
        ids, segments, mask = (torch.zeros(len(whole), width, dtype=torch.long) for _ in range(3))
        for row, (own, kinds) in enumerate(whole):
            span = slice(0, len(own)) if padding == "right" else slice(width - len(own), width)
            ids[row, span], segments[row, span], mask[row, span] = own, kinds, 1
        with torch.no_grad():
            found = model(input_ids=ids, token_type_ids=segments, attention_mask=mask, output_hidden_states=True)
        for row, (own, kinds) in enumerate(whole):
            wanted, here = made.states(own, kinds), mask[row].bool()
            assert len(found.hidden_states) == len(wanted)
            for mine, its in zip(found.hidden_states, wanted, strict=True):
                close(mine[row][here], its)
            pooled = made.linear(wanted[-1][0], "pooler.dense").tanh()
            close(found.pooler_output[row], pooled)


@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_the_kernels_give_the_reference_s_rows(name, tmp_path) -> None:
    from torso.engines.optimise import optimise  # it looks for the kernels

    made = JinaBert.made(CONFIGS.get(name) or drawn())
    model = load(made.saved(tmp_path))
    whole = texts(made)
    batch = HostBatch.of([SimpleNamespace(ids=ids.tolist(), segments=kinds.tolist()) for ids, kinds in whole])
    wanted = torch.cat([made.states(*each)[-1] for each in whole])
    found = optimise(model, "exact").run(batch, Wanted(pooled=False))
    close(torch.from_numpy(np.asarray(found.hidden.rows)), wanted)


def test_saved_as_it_was_read(tmp_path) -> None:
    made = JinaBert.made(CONFIGS["plain"])
    made.values["architectures"] = ["JinaBertModel"]
    folder = made.saved(tmp_path / "first")
    load(folder).save(tmp_path / "again")
    assert json.loads((tmp_path / "again/config.json").read_text()) == made.values
    again = load_file(tmp_path / "again/model.safetensors")
    assert again.keys() == made.tensors.keys()
    assert all(value.equal(made.tensors[key]) for key, value in again.items())
    load(tmp_path / "again").save(tmp_path / "twice")
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "twice" / file).read_bytes()


def test_a_new_model_is_found_again(tmp_path) -> None:
    config = read_config(JinaBert.made(CONFIGS["relu"]).saved(tmp_path / "made"))[1]
    model = torso.new_model(type(config)(**CONFIGS["relu"], num_labels=2), Task.TOKEN_CLASSIFICATION, seed=1)
    model.save(tmp_path / "new")
    again = load(tmp_path / "new", Task.TOKEN_CLASSIFICATION)
    assert all(mine.equal(its) for mine, its in zip(model.parameters(), again.parameters(), strict=True))


def test_the_words_of_a_masked_text(tmp_path) -> None:
    made = JinaBert.made(CONFIGS["many-heads"])
    width, words = made.values["hidden_size"], made.values["vocab_size"]
    head, at = masked_head(width, words), "cls.predictions"
    folder = made.saved(tmp_path, "bert.", **head)
    assert trained_heads(folder)[:1] == (Task.MASKED_LM,)
    whole = JinaBert(made.values, made.tensors | head)
    ids, kinds = texts(made)[2]
    with torch.no_grad():
        found = PaddedModel(load(folder, Task.MASKED_LM))(ids[None], token_type_ids=kinds[None]).logits[0]
    rows = whole.norm(
        relu(whole.linear(made.states(ids, kinds)[-1], f"{at}.transform.dense")), f"{at}.transform.LayerNorm"
    )
    close(found, linear(rows, made.tensors["embeddings.word_embeddings.weight"], head[f"{at}.bias"]))


def test_embedding_by_name_of_a_folder(tmp_path) -> None:
    """With its tokenizer, on whichever engine this machine chooses."""
    folder_of("bert", tmp_path)
    tokenizer = torso.load_tokenizer(tmp_path)
    made = JinaBert.made({**CONFIGS["plain"], "vocab_size": 600})
    made.saved(tmp_path)
    text = "the cat sat on the mat"
    ids = torch.tensor(tokenizer.encode(text))
    wanted = made.states(ids, torch.zeros_like(ids))[-1].mean(0)
    [found] = torso.encode([text], model=tmp_path, pooling="mean", normalize=False)
    np.testing.assert_allclose(np.asarray(found), wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files(name, tmp_path) -> None:
    values, parameters = PUBLISHED[name]
    (tmp_path / "config.json").write_text(json.dumps(values))
    architecture, config = read_config(tmp_path)
    assert architecture.family == "JinaBert"
    assert config.max_tokens == 8192
    assert config.notes == ()
    assert json.loads(config.text()) == values
    if parameters is not None:
        described = architecture.describe(config, Task.FEATURES)
        assert torso.blocks.parameter_count(described) == parameters


LATER = {"AutoModel": "jinaai/jina-bert-v2-qk-post-norm--modeling_bert.JinaBertModel"}


@pytest.mark.parametrize(
    "changes", [{"auto_map": LATER}, {"feed_forward_type": "original"}, {"position_embedding_type": "relative_key"}]
)
def test_another_code_is_refused_by_name(changes, tmp_path) -> None:
    made = JinaBert.made(CONFIGS["plain"])
    made.values.update(changes)
    with pytest.raises(TorsoError, match=r"position_embedding_type|feed_forward_type") as caught:
        load(made.saved(tmp_path))
    assert caught.value.code in ("E_UNSUPPORTED", "E_CONFIG")


@pytest.mark.parametrize(
    "values",
    [
        {"model_type": "bert"},
        {"model_type": "bert", "position_embedding_type": "absolute", "feed_forward_type": "geglu"},
        {"model_type": "roberta", "position_embedding_type": "alibi", "feed_forward_type": "geglu"},
        {"model_type": None, "auto_map": [1]},
        {},
    ],
)
def test_other_files_are_of_the_type_that_they_state(values) -> None:
    assert inferred_model_type(values) == values.get("model_type")
