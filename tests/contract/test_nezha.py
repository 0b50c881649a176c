"""NEZHA: the sinusoids of distances in keys and values, held to a reference of its own."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import torso
from conftest import seed
from text.vocabularies import folder_of
from torso import Task, load
from torso.compat.padded_model import PaddedModel
from torso.engines.optimise import optimise
from torso.errors import TorsoError
from torso.inspection.trained_heads import trained_heads
from torso.loading.load import read_config

from .nezha import BASE, Nezha
from .plain_reference import masked_head
from .reference import close

# Sizes of the first and of the large one as their files state them; the third is of their kind, in another size.
PUBLISHED = {
    "sijunhe/nezha-cn-base": BASE,
    "sijunhe/nezha-cn-large": {
        **BASE,
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
    },
    "of the base's kind, smaller": {**BASE, "num_hidden_layers": 3, "max_relative_position": 127},
}
SMALL = {"vocab_size": 41, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": SMALL,
    "near": {**SMALL, "max_relative_position": 2, "num_attention_heads": 2, "type_vocab_size": 1},
    "one-head": {**SMALL, "num_attention_heads": 1, "max_relative_position": 9, "layer_norm_eps": 1e-3},
}


def drawn() -> dict[str, Any]:
    dice = random.Random(seed())
    heads = dice.randint(1, 5)
    return {
        "vocab_size": dice.randint(21, 70),
        "num_attention_heads": heads,
        "hidden_size": heads * 2 * dice.randint(-(-6 // heads), 6),
        "intermediate_size": dice.randint(4, 40),
        "num_hidden_layers": dice.randint(1, 3),
        "max_relative_position": dice.choice([1, 3, 8, 64, 127]),
        "type_vocab_size": dice.randint(1, 3),
        "layer_norm_eps": dice.choice([1e-12, 1e-5]),
        "classifier_dropout": dice.choice([None, 0.2]),
    }


def made(name: str) -> Nezha:
    return Nezha.made(CONFIGS.get(name) or drawn())


def texts(reference: Nezha) -> list[tuple[Tensor, Tensor]]:
    dice = torch.Generator().manual_seed(7)
    most, kinds = reference.values["vocab_size"], reference.values["type_vocab_size"]
    sizes = (7, 1, 12, 200, 12, 3)
    return [
        (torch.randint(1, most, (n,), generator=dice), torch.randint(0, kinds, (n,), generator=dice)) for n in sizes
    ]


@pytest.mark.parametrize("prefix", ["", "nezha."])
@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_every_layer_is_the_reference_s(name, prefix, tmp_path) -> None:
    reference = made(name)
    model = PaddedModel(load(reference.saved(tmp_path, prefix)))
    assert model.packed.architecture.family == "Nezha"
    whole = texts(reference)
    width = max(len(ids) for ids, _ in whole)
    for padding in ("right", "left"):
        ids, segments, mask = (torch.zeros(len(whole), width, dtype=torch.long) for _ in range(3))
        for row, (own, kinds) in enumerate(whole):
            span = slice(0, len(own)) if padding == "right" else slice(width - len(own), width)
            ids[row, span], segments[row, span], mask[row, span] = own, kinds, 1
        given = dict(input_ids=ids, token_type_ids=segments, attention_mask=mask)
        with torch.no_grad():
            plain = model(**given)
            found = model(**given, output_hidden_states=True, output_attentions=True)
        close(plain.last_hidden_state, found.last_hidden_state)
        for row, (own, kinds) in enumerate(whole):
            states, weights = reference.states(own, kinds)
            here = mask[row].bool()
            for mine, its in zip(found.hidden_states, states, strict=True):
                close(mine[row][here], its)
            for mine, its in zip(found.attentions, weights, strict=True):
                close(mine[row][:, here][:, :, here], its)
            pooled = reference.linear(states[-1][0], "pooler.dense").tanh()
            close(found.pooler_output[row], pooled)
            close(plain.pooler_output[row], pooled)


@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_gradients_are_the_reference_s(name, tmp_path) -> None:
    reference = made(name)
    model = PaddedModel(load(reference.saved(tmp_path)))
    leaves = {key: value.requires_grad_() for key, value in reference.tensors.items()}
    ids, segments = texts(reference)[3]
    dice = torch.randn(len(ids), reference.values["hidden_size"], generator=torch.Generator().manual_seed(1))
    (model(ids[None], token_type_ids=segments[None]).last_hidden_state[0] * dice).sum().backward()
    (Nezha(reference.values, leaves).states(ids, segments)[0][-1] * dice).sum().backward()
    for at, ours in (("attention.self.query", 0), ("attention.self.value", 2)):
        key = f"encoder.layer.0.{at}.weight"
        grad = model.packed.trunk.layers[0].attn.qkv.weight.grad.chunk(3)[ours]
        close(grad, leaves[key].grad, key, 1e-4)
    close(model.packed.trunk.embed.tokens.weight.grad, leaves["embeddings.word_embeddings.weight"].grad, "words", 1e-4)


def test_a_dropped_weight_gives_neither_value_nor_distance(tmp_path) -> None:
    """With all weights dropped what is attended to is nothing."""
    reference = Nezha.made({**CONFIGS["near"], "attention_probs_dropout_prob": 0.999999, "num_hidden_layers": 1})
    reference.tensors["encoder.layer.0.attention.output.dense.bias"].zero_()
    model = load(reference.saved(tmp_path)).train()
    attention = model.trunk.layers[0].attn
    seen: list[Tensor] = []
    attention.register_forward_hook(lambda module, given, out: seen.append(out))
    ids, segments = texts(reference)[0]
    PaddedModel(model)(ids[None], token_type_ids=segments[None])
    assert not seen[0].any()


def test_saved_as_it_was_read(tmp_path) -> None:
    reference = made("plain")
    reference.values["architectures"] = ["NezhaModel"]
    folder = reference.saved(tmp_path / "first")
    load(folder).save(tmp_path / "again")
    assert json.loads((tmp_path / "again/config.json").read_text()) == reference.values
    again = load_file(tmp_path / "again/model.safetensors")
    assert again.keys() == reference.tensors.keys()
    assert all(value.equal(reference.tensors[key]) for key, value in again.items())


def test_sinusoids_in_the_file_are_left_aside(tmp_path) -> None:
    reference = made("plain")
    key = "encoder.layer.1.attention.self.relative_positions_encoding.positions_encoding"
    load(reference.saved(tmp_path, **{key: torch.zeros(4, 4, 8)}))


def test_the_words_of_a_masked_text(tmp_path) -> None:
    reference = made("near")
    width, words = reference.values["hidden_size"], reference.values["vocab_size"]
    head, at = masked_head(width, words), "cls.predictions"
    folder = reference.saved(tmp_path, "nezha.", **head)
    assert trained_heads(folder)[:1] == (Task.MASKED_LM,)
    whole = Nezha(reference.values, reference.tensors | head)
    ids, kinds = texts(reference)[2]
    with torch.no_grad():
        found = PaddedModel(load(folder, Task.MASKED_LM))(ids[None], token_type_ids=kinds[None]).logits[0]
    inner = torch.nn.functional.gelu(whole.linear(whole.states(ids, kinds)[0][-1], f"{at}.transform.dense"))
    rows = whole.norm(inner, f"{at}.transform.LayerNorm")
    table = reference.tensors["embeddings.word_embeddings.weight"]
    close(found, torch.nn.functional.linear(rows, table, head[f"{at}.bias"]))


@pytest.mark.parametrize("task", ["sequence-classification", "token-classification", "question-answering"])
def test_a_new_head_learns_and_is_found_again(task, tmp_path) -> None:
    folder = made("plain").saved(tmp_path / "made")
    labels = None if task == "question-answering" else 3
    model = load(folder, task, num_labels=labels, new_head=True)
    model.save(tmp_path / "new")
    again = load(tmp_path / "new", task)
    assert all(mine.equal(its) for mine, its in zip(model.parameters(), again.parameters(), strict=True))
    assert again.head_trained


def test_embedding_by_name_of_a_folder_runs_on_pytorch(tmp_path) -> None:
    folder_of("bert", tmp_path)
    reference = Nezha.made({**CONFIGS["near"], "vocab_size": 600})
    reference.saved(tmp_path)
    text = "the cat sat on the mat"
    ids = torch.tensor(torso.load_tokenizer(tmp_path).encode(text))
    wanted = reference.states(ids, torch.zeros_like(ids))[0][-1].mean(0)
    [found] = torso.encode([text], model=tmp_path, pooling="mean", normalize=False)
    np.testing.assert_allclose(np.asarray(found), wanted.numpy(), atol=1e-5)
    with pytest.raises(TorsoError) as caught:
        optimise(load(tmp_path), "exact")
    assert caught.value.code == "E_MODE"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files(name, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED[name]))
    architecture, config = read_config(tmp_path)
    assert architecture.family == "Nezha"
    assert (config.max_tokens, config.notes) == (512, ())
    assert json.loads(config.text()) == PUBLISHED[name]


def test_heads_of_an_odd_width_are_refused(tmp_path) -> None:
    folder = Nezha.made({**SMALL, "hidden_size": 15, "num_attention_heads": 3}).saved(tmp_path)
    with pytest.raises(TorsoError) as caught:
        load(folder)
    assert caught.value.code == "E_CONFIG"
