"""An architecture is one file: everything else works with it unedited."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

import torso
from torso import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    BertForSequenceClassification,
    BertModel,
    Layout,
    Task,
    load,
)
from torso.architecture import find
from torso.errors import TorsoError, UnsupportedError

from .toy import ToyConfig

TOKENS = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7])


def saved(folder, task=Task.CAUSAL_LM, **values) -> torso.Model:
    model = torso.new_model(ToyConfig(**values), task, seed=2).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    model.save(folder)
    return model


def batch(*sizes: int) -> torso.Batch:
    return torso.Batch(TOKENS[: sum(sizes)], Layout.of(sizes))


@pytest.mark.parametrize("task", [Task.FEATURES, Task.CAUSAL_LM, Task.SEQUENCE_CLASSIFICATION], ids=str)
@pytest.mark.parametrize("tied", [True, False])
def test_what_is_saved_is_loaded_equal(task, tied, tmp_path) -> None:
    model = saved(tmp_path, task, num_labels=3, tie_word_embeddings=tied)
    again = load(tmp_path, task)
    assert all(mine.equal(other) for mine, other in zip(again.parameters(), model.parameters(), strict=True))
    assert again.report.unclaimed == ()
    with torch.no_grad():
        mine, other = model(batch(6, 2)), again(batch(6, 2))
    assert mine.hidden.rows.equal(other.hidden.rows)
    keys = set(load_file(tmp_path / "model.safetensors"))
    prefix = "" if task is Task.FEATURES else "toy."
    assert {f"{prefix}wte.weight", f"{prefix}h.1.attn.k.weight", f"{prefix}ln_f.weight"} <= keys
    assert ("lm_head.weight" in keys) == (task is Task.CAUSAL_LM and not tied)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["model_type"], config["architectures"]) == ("toy", ["Toy" + task.suffix])


def test_grouped_heads_are_taken_apart_by_their_own_sizes(tmp_path) -> None:
    saved(tmp_path, n_head=4, n_group=1)
    shapes = {name: tuple(value.shape) for name, value in load_file(tmp_path / "model.safetensors").items()}
    assert [shapes[f"toy.h.0.attn.{part}.weight"] for part in "qkv"] == [(16, 16), (4, 16), (4, 16)]


def test_no_token_sees_a_later_one_nor_beyond_its_window(tmp_path) -> None:
    model = saved(tmp_path, n_layer=1, window=3)
    with torch.no_grad():
        before = model(batch(8)).logits
        changed = batch(8)
        changed = torso.Batch(torch.where(torch.arange(8) == 3, 40, changed.tokens), changed.layout)
        after = model(changed).logits
    assert [bool(row) for row in (before != after).any(-1)] == [False] * 3 + [True] * 3 + [False] * 2


def test_the_last_token_stands_for_the_text(tmp_path) -> None:
    model = saved(tmp_path, Task.SEQUENCE_CLASSIFICATION, num_labels=2)
    with torch.no_grad():
        both, alone = model(batch(5, 3)), model(batch(5))
    torch.testing.assert_close(both.logits[:1], alone.logits, rtol=1e-6, atol=1e-6)


def test_the_ecosystem_s_names_take_it(tmp_path, capfd) -> None:
    saved(tmp_path)
    assert type(AutoConfig.from_pretrained(tmp_path)) is ToyConfig
    out = AutoModelForCausalLM.from_pretrained(tmp_path)(TOKENS.view(2, 7))
    assert out.logits.shape == (2, 7, 50)
    features = AutoModel.from_pretrained(tmp_path)(TOKENS.view(2, 7), output_attentions=True)
    assert features.attentions[0].shape == (2, 4, 7, 7)
    with pytest.raises(TorsoError) as caught:
        _ = features.pooler_output
    assert caught.value.code == "E_NO_POOLER"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [BertModel, BertForSequenceClassification])
def test_a_class_of_another_family_refuses_it_and_names_the_one_that_takes_it(kind, tmp_path) -> None:
    saved(tmp_path)
    with pytest.raises(
        UnsupportedError, match=f"Use {kind.__name__.replace('Bert', 'Auto').replace('AutoFor', 'AutoModelFor')},"
    ) as caught:
        kind.from_pretrained(tmp_path)
    assert caught.value.code == "E_FAMILY"
    with pytest.raises(UnsupportedError):
        kind.from_config(ToyConfig(num_labels=2))


def test_its_config_is_strict_described_and_measured(tmp_path) -> None:
    with pytest.raises(TorsoError, match="Did you mean n_layer"):
        ToyConfig(n_layers=3)
    with pytest.raises(TorsoError, match="multiple of n_group"):
        ToyConfig(n_head=4, n_group=3)
    rows = ToyConfig().describe()
    assert (rows["window"].meaning, rows["window"].acts) == ("tokens that a token sees, itself included", "run")
    assert repr(rows).startswith("ToyConfig (toy)")
    saved(tmp_path)
    for name, value in {"n_layer": 3, "n_embd": 32, "vocab_size": 51, "n_inner": 1}.items():
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps({**config, name: value}))
        with pytest.raises(TorsoError) as caught:
            load(tmp_path, Task.CAUSAL_LM)
        assert caught.value.code == "E_CONFIG_WEIGHTS"
        (tmp_path / "config.json").write_text(json.dumps(config))


def test_a_stranger_under_its_prefix_is_refused(tmp_path) -> None:
    saved(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    save_file({**tensors, "toy.h.0.attn.bias": torch.ones(2)}, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(TorsoError) as caught:
        load(tmp_path, Task.CAUSAL_LM)
    assert caught.value.code == "E_UNCLAIMED"


def test_both_of_its_model_types_are_known() -> None:
    assert find("toy") is find("toy2")
    with pytest.raises(UnsupportedError, match="Nearest: toy"):
        find("toyy")


def test_its_config_and_names_load_without_torch(tmp_path) -> None:
    saved(tmp_path)
    code = """
import sys, pathlib
sys.path.insert(0, sys.argv[1])
from architecture import toy
from torso.loading.load import read_config
architecture, config = read_config(pathlib.Path(sys.argv[2]))
assert config.window == 3
assert architecture.names.keys("layers.1.attn.qkv.weight", "toy.") == tuple(f"toy.h.1.attn.{p}.weight" for p in "qkv")
assert "torch" not in sys.modules and "numpy" not in sys.modules
"""
    from pathlib import Path

    subprocess.run([sys.executable, "-c", code, Path(__file__).parents[1], tmp_path], check=True)
