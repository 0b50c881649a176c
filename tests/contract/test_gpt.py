"""What files of the GPT families hold beyond what every family's do: masks, prefixes, and sizes under two names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from torso import Task, load
from torso.compat.padded_model import PaddedModel
from torso.config.config_file import ConfigFile
from torso.models.bloom import BloomConfig
from torso.models.gpt2 import GPT2Config
from torso.models.openai_gpt import OpenAIGPTConfig

from .forms import rewritten, weights
from .reference import Reference, batch, close

MASKS = {
    "gpt2": ("transformer.", ("h.{}.attn.bias", "h.{}.attn.masked_bias")),
    "openai-gpt": ("transformer.", ("h.{}.attn.bias", "position_ids")),
    "gpt_neox": (
        "gpt_neox.",
        tuple(f"layers.{{}}.attention.{each}" for each in ("bias", "masked_bias", "rotary_emb.inv_freq")),
    ),
}


@pytest.mark.parametrize("family", MASKS)
@pytest.mark.parametrize("bare", [False, True])
def test_older_files_keep_masks_beside_the_weights(family, bare, reference, tmp_path) -> None:
    made: Reference = reference(family, "plain", "causal-lm")
    usual, masks = MASKS[family]
    prefix = "" if bare else usual
    tensors = {name.replace(usual, prefix): value for name, value in weights(made.folder).items()}
    more = {prefix + name.format(layer): torch.ones(1, 1, 30, 30).tril() for name in masks for layer in (0, 1)}
    folder = rewritten(made.folder, tmp_path / "older", tensors | more)
    model = load(folder, Task.CAUSAL_LM)
    assert set(model.report.unclaimed) == set(more)
    given = batch(made, "right", with_labels=False).shared
    with torch.no_grad():
        assert PaddedModel(model)(**given).logits.equal(made.torso()(**given).logits)


def test_older_files_state_rotary_positions_by_keys_of_their_own(reference, tmp_path) -> None:
    made: Reference = reference("gpt_neox", "plain", "features")
    folder = rewritten(made.folder, tmp_path / "older", weights(made.folder))
    values = json.loads((folder / "config.json").read_text())
    del values["rope_parameters"]
    older = {"rotary_pct": 0.5, "rotary_emb_base": 300, "rope_theta": 7.0, "partial_rotary_factor": 1.0}
    (folder / "config.json").write_text(json.dumps({**values, **older}))
    theirs = type(made.model).from_pretrained(folder, attn_implementation="eager").eval()
    given = batch(made, "none").shared
    with torch.no_grad():
        ours, wanted = PaddedModel(load(folder))(**given).last_hidden_state, theirs(**given).last_hidden_state
        other = made.model(**given).last_hidden_state
    close(ours, wanted)
    assert (wanted - other).abs().max() > 1e-3


def read(kind, values: dict[str, object]):
    return kind.from_file(ConfigFile.parse(json.dumps(values), Path("config.json")))


@pytest.mark.parametrize("kind", [GPT2Config, OpenAIGPTConfig])
def test_sizes_go_by_two_names(kind) -> None:
    long = {"hidden_size": 36, "num_hidden_layers": 3, "num_attention_heads": 6, "max_position_embeddings": 40}
    short = {"n_embd": 36, "n_layer": 3, "n_head": 6, "n_positions": 40}
    assert read(kind, long) == read(kind, short) == kind(**short)
    assert {name: getattr(kind(**short), name) for name in long} == long
    assert json.loads(read(kind, long).replace({"n_layer": 5}).text()) == {**long, "num_hidden_layers": 5}


def test_a_size_that_is_stated_under_both_names_is_changed_under_both() -> None:
    config = read(BloomConfig, {"num_attention_heads": 4, "n_head": 2, "n_embed": 16})
    assert (config.n_head, config.hidden_size, config.unused) == (2, 16, {})
    changed = json.loads(config.replace({"n_head": 8}).text())
    assert changed == {"num_attention_heads": 8, "n_head": 8, "n_embed": 16}
