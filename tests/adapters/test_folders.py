"""An adapter folder is a model: loaded, run by tasks and commands, merged, checked; its faults say what cures them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import torso
from torso import AutoModelForSequenceClassification, BertConfig, Lora, Task, TorsoError, classify, load, lora, merge
from torso.adapters.adapter_config import read_adapter
from torso.adapters.merge_folder import merge_folder
from torso.engines.compiled_model import CompiledModel
from torso.engines.opened import opened
from torso.host_batch import HostBatch
from torso.hub import check
from torso.kernels.library import library
from torso.text import Encoding
from torso.weights.adapter_weights import CONFIG

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "好", "坏", "很", "不"]
TEXTS = ["很好", "不好", "坏"]


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """A base without a head, and an adapter of it with three named labels."""
    config = BertConfig(
        vocab_size=9, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, num_labels=None
    )
    torso.new_model(config, Task.FEATURES, seed=1).save(tmp_path / "base")
    (tmp_path / "base" / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    model = load(tmp_path / "base", Task.SEQUENCE, labels=["a", "b", "c"], new_head=True)
    lora(model, Lora(rank=2, initial="random"), seed=2)
    model.save(tmp_path / "adapter")
    return tmp_path / "base", tmp_path / "adapter"


def changed(folder: Path, **values: object) -> None:
    path = folder / CONFIG
    table = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**table, **values}), encoding="utf-8")


def test_tasks_take_an_adapter_folder(folders) -> None:
    _, adapter = folders
    model = load(adapter, Task.SEQUENCE)
    assert model.head_trained
    assert library() is None or isinstance(opened(adapter, Task.SEQUENCE), CompiledModel)
    found = list(classify(TEXTS, model=str(adapter)))
    assert {each.label for each in found} <= {"a", "b", "c"}
    whole = list(classify(TEXTS, model=merge(model)))
    for one, other in zip(found, whole, strict=True):
        assert one.label == other.label
        assert one.score == pytest.approx(other.score, abs=1e-5)


@pytest.mark.skipif(library() is None, reason="torso was installed without its compiled kernels")
@pytest.mark.parametrize("mode", ["exact", "int8"])
def test_an_adapter_is_compiled_with_its_base(folders, tmp_path, mode) -> None:
    _, adapter = folders
    merge(load(adapter, Task.SEQUENCE)).save(tmp_path / "whole")
    made, wanted = (torso.compiled(each, Task.SEQUENCE, mode) for each in (adapter, tmp_path / "whole"))
    batch = HostBatch.of([Encoding([2, 5, 7, 3], [0] * 4, [], [], [], [], [])])
    np.testing.assert_allclose(made.run(batch).logits, wanted.run(batch).logits, rtol=0, atol=1e-5)
    assert made.trained


def test_a_head_that_neither_has_is_named(folders) -> None:
    _, adapter = folders
    with pytest.raises(TorsoError, match="no trained head for question-answering"):
        torso.compiled(adapter, Task.QUESTION_ANSWERING)


def test_auto_classes_take_an_adapter_folder(folders) -> None:
    _, adapter = folders
    model = AutoModelForSequenceClassification.from_pretrained(str(adapter))
    tokenizer = torso.AutoTokenizer.from_pretrained(str(adapter))
    assert model.config.id2label == {0: "a", 1: "b", 2: "c"}
    assert model(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits.shape == (3, 3)


def test_an_adapter_learns_on(folders) -> None:
    _, adapter = folders
    model = load(adapter, Task.SEQUENCE)
    learning = [name for name, each in model.named_parameters() if each.requires_grad]
    assert all(".branches." in name or name.startswith("head.") for name in learning)
    assert any(".branches." in name for name in learning)


def test_the_command_merges(folders, tmp_path) -> None:
    _, adapter = folders
    from click.testing import CliRunner

    from torso.cli.merge import merge as command

    done = CliRunner().invoke(command, [str(adapter), "--out", str(tmp_path / "whole")], catch_exceptions=False)
    assert done.exit_code == 0
    ours, whole = load(adapter, Task.SEQUENCE), load(tmp_path / "whole", Task.SEQUENCE)
    assert whole.adapter is None
    rows = torso.pack([Encoding([2, 5, 3], [0, 0, 0], [], [], [], [], [])])
    with torch.no_grad():
        torch.testing.assert_close(ours(rows).logits, whole(rows).logits, rtol=1e-5, atol=1e-5)
    assert list(classify(TEXTS, model=str(tmp_path / "whole")))
    with pytest.raises(TorsoError, match="E_EXISTS"):
        merge_folder(adapter, tmp_path / "whole")
    with pytest.raises(TorsoError, match="E_NO_ADAPTER"):
        merge_folder(tmp_path / "whole", tmp_path / "another")


def test_check_knows_an_adapter(folders) -> None:
    _, adapter = folders
    assert check(adapter).is_whole
    (adapter / "adapter_model.safetensors").unlink()
    assert not check(adapter).is_whole


def test_a_base_that_moved_is_named_with_the_command_that_cures(folders, tmp_path) -> None:
    base, adapter = folders
    shutil.move(base, tmp_path / "elsewhere")
    with pytest.raises(TorsoError, match=r"torso merge .* --base BASE --out FOLDER.*E_BASE"):
        load(adapter, Task.SEQUENCE)
    merge_folder(adapter, tmp_path / "whole", base=str(tmp_path / "elsewhere"))
    assert load(tmp_path / "whole", Task.SEQUENCE).head_trained


def test_what_a_file_says_and_torso_does_not_read_is_kept(folders, tmp_path) -> None:
    _, adapter = folders
    changed(adapter, some_key_of_tomorrow=None, inference_mode=False, another=[])
    model = load(adapter, Task.SEQUENCE)
    model.save(tmp_path / "again")
    one, other = (json.loads((folder / CONFIG).read_text(encoding="utf-8")) for folder in (adapter, tmp_path / "again"))
    assert one == other


def test_an_older_file_means_the_defaults_of_peft(folders) -> None:
    _, adapter = folders
    (adapter / CONFIG).write_text(json.dumps({"peft_type": "LORA", "r": 4}), encoding="utf-8")
    read = read_adapter(adapter)
    assert (read.settings.rank, read.settings.alpha, read.settings.bias) == (4, 8, "none")
    with pytest.raises(TorsoError, match="E_BASE"):
        load(adapter, Task.SEQUENCE)


FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "dora": ({"use_dora": True}, "use_dora"),
    "pissa": ({"init_lora_weights": "pissa"}, "init_lora_weights"),
    "another kind": ({"peft_type": "IA3"}, "peft_type"),
    "a setting of tomorrow": ({"use_something_new": 3}, "use_something_new"),
    "parameters of experts": ({"target_parameters": ["experts.gate"]}, "target_parameters"),
    "a rank that is none": ({"r": 0}, "rank"),
    "a rank of another adapter": ({"r": 7}, "E_SHAPE"),
    "a scale that is none": ({"lora_alpha": "much"}, "alpha"),
    "no names": ({"modules_to_save": "classifier"}, "modules_to_save"),
    "patterns that are none": ({"alpha_pattern": ["query"]}, "alpha_pattern"),
    "an exponential pattern": ({"alpha_pattern": {"(a+)+$": 3}}, "exponential"),
    "a pattern of many repeats": ({"rank_pattern": {".*a.*b.*c.*d.*e.*": 3}}, "exponential"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_file_is_named(fault, folders) -> None:
    _, adapter = folders
    values, named = FAULTS[fault]
    changed(adapter, **values)
    with pytest.raises(TorsoError, match=named):
        load(adapter, Task.SEQUENCE)


SETTINGS: dict[str, tuple[Callable[[], Lora], str]] = {
    "no such module": (lambda: Lora(targets=["querry"]), "'querry'.*query"),
    "no such pattern": (lambda: Lora(targets=r".*\.nothing"), "nothing"),
    "positions": (lambda: Lora(targets=["position_embeddings"]), "table of positions"),
    "tied output": (lambda: Lora(targets=["cls.predictions.decoder"]), "E_TIED"),
    "tied table": (lambda: Lora(targets=["word_embeddings"]), "E_TIED"),
    "a token outside": (lambda: Lora(trainable_token_indices=[9]), "9 rows"),
    "one of fused parts whole": (lambda: Lora(modules_to_save=["query"]), "modules_to_save"),
    "no layer": (lambda: Lora(targets=["query"], layers=[7]), "No module"),
    "a negative rank": (lambda: Lora(rank=-1), "rank is -1"),
    "a dropout of one": (lambda: Lora(dropout=1.0), "dropout"),
    "a broken pattern": (lambda: Lora(targets="(("), "regex"),
}


@pytest.mark.parametrize("fault", SETTINGS)
def test_settings_that_cannot_be_are_refused(fault, folders) -> None:
    base, _ = folders
    settings, named = SETTINGS[fault]
    model = load(base, Task.MASKED_LM, new_head=True)
    with pytest.raises(TorsoError, match=named):
        lora(model, settings())


def test_a_second_adapter_and_optimising_an_adapted_model_are_refused(folders) -> None:
    _, adapter = folders
    model = load(adapter, Task.SEQUENCE)
    with pytest.raises(TorsoError, match="merge"):
        lora(model)
    with pytest.raises(TorsoError, match="merge"):
        torso.optimise(model, "exact")
    torso.optimise(merge(model), "exact")


def test_a_changed_config_keeps_the_adapter(folders) -> None:
    _, adapter = folders
    model = load(adapter, Task.SEQUENCE)
    rows = torso.pack([Encoding([2, 5, 3], [0, 0, 0], [], [], [], [], [])])
    with torch.no_grad():
        before = model(rows).logits
        model.set({"hidden_dropout_prob": 0.3})
        assert model(rows).logits.equal(before)
    assert any(each.requires_grad for each in model.parameters())
