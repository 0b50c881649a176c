"""Checkpoints with an adapter for each of several tasks: Jina Embeddings 3 in the form that the Hub has."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import torso
from conftest import seed
from lazy import LazyModule
from text.vocabularies import folder_of
from torso import Task, load
from torso.cli.entry import run as main
from torso.compat.padded_model import PaddedModel
from torso.config.config_file import ConfigFile
from torso.config.rotary_xlm_roberta import in_own_form
from torso.engines import packed_cache
from torso.engines.opened import opened
from torso.errors import TorsoError
from torso.host_batch import HostBatch, Wanted
from torso.loading.load import read_config
from torso.tasks._embed import EmbedPlan
from torso.tasks.ready import make_ready
from torso.weights import mapped_cache

from .jina_v3 import INSTRUCTIONS, PUBLISHED, TASKS, JinaV3
from .reference import close

transformers = LazyModule("transformers")

SMALL = {"vocab_size": 45, "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {**SMALL, "num_attention_heads": 2},
    "two-tasks": {
        **SMALL,
        "lora_adaptations": ["one", "two"],
        "task_instructions": {"one": "first: ", "two": ""},
        "lora_alpha": 3,
        "lora_rank": 2,
        "rotary_emb_base": 500.0,
        "layer_norm_eps": 1e-3,
        "type_vocab_size": 3,
    },
    # As many units as the rank: only the name tells a table from a layer.
    "square": {**SMALL, "vocab_size": 24, "lora_rank": 24, "type_vocab_size": 24},
}


def drawn() -> dict[str, Any]:
    dice = random.Random(seed())
    heads, names = dice.randint(1, 5), [f"task {number}" for number in range(dice.randint(1, 4))]
    return {
        "vocab_size": dice.randint(21, 70),
        "num_attention_heads": heads,
        "hidden_size": heads * 2 * dice.randint(-(-6 // heads), 6),
        "intermediate_size": dice.randint(4, 40),
        "num_hidden_layers": dice.randint(1, 3),
        "type_vocab_size": dice.randint(1, 3),
        "layer_norm_eps": dice.choice([1e-12, 1e-5]),
        "rotary_emb_base": dice.choice([100.0, 10000.0, 20000.0]),
        "lora_rank": dice.randint(1, 5),
        "lora_alpha": dice.choice([1, 2.5, 16]),
        "lora_adaptations": names,
        "task_instructions": {name: dice.choice(["", f"{name}: "]) for name in names},
    }


def made(name: str) -> JinaV3:
    return JinaV3.made(CONFIGS.get(name) or drawn())


def texts(reference: JinaV3) -> list[tuple[Tensor, Tensor]]:
    dice = torch.Generator().manual_seed(7)
    most, kinds = reference.values["vocab_size"], reference.values["type_vocab_size"]
    sizes = (7, 1, 12, 300, 3)
    return [
        (torch.randint(1, most, (n,), generator=dice), torch.randint(0, kinds, (n,), generator=dice)) for n in sizes
    ]


def tasks_of(reference: JinaV3) -> list[str | None]:
    return [None, *reference.values["lora_adaptations"]]


@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_every_layer_is_the_reference_s_for_every_task(name, tmp_path) -> None:
    reference = made(name)
    folder = reference.saved(tmp_path)
    for task in tasks_of(reference):
        model = PaddedModel(load(folder, adapter=task))
        assert model.packed.architecture.family == "JinaEmbeddingsV3"
        for ids, segments in texts(reference):
            *wanted, pooled = reference.states(ids, segments, task)
            with torch.no_grad():
                found = model(ids[None], token_type_ids=segments[None], output_hidden_states=True)
            assert len(found.hidden_states) == len(wanted)
            for mine, its in zip(found.hidden_states, wanted, strict=True):
                close(mine[0], its, f"{name} {task}")
            close(found.pooler_output[0], pooled, f"{name} {task}")


@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_the_kernels_give_the_reference_s_rows_for_every_task(name, tmp_path) -> None:
    reference = made(name)
    folder, whole = reference.saved(tmp_path), texts(reference)
    batch = HostBatch.of([SimpleNamespace(ids=ids.tolist(), segments=kinds.tolist()) for ids, kinds in whole])
    for task in tasks_of(reference):
        runner = opened(folder, Task.FEATURES, device="cpu", adapter=task)
        wanted = torch.cat([reference.states(*each, task)[-2] for each in whole])
        close(torch.from_numpy(np.asarray(runner.run(batch, Wanted(pooled=False)).hidden.rows)), wanted, str(task))


@pytest.mark.parametrize("task", [None, "one", "two"])
def test_equal_to_transformers_own_form_of_the_same_weights(task, tmp_path) -> None:
    reference = made("two-tasks")
    file = in_own_form(ConfigFile.parse(json.dumps(reference.values), tmp_path / "config.json"))
    stated = {key: value for key, value in file.values.items() if key in CONFIGS["two-tasks"]}
    config = transformers.JinaEmbeddingsV3Config(
        **stated, rope_parameters={"rope_type": "default", "rope_theta": file.values["rope_theta"]}
    )
    its = transformers.JinaEmbeddingsV3Model(config).eval()
    weights: dict[str, Tensor] = {}
    renamed = {"emb_ln": "embeddings.LayerNorm", "encoder.layers": "layers", "mixer.out_proj": "self_attn.o_proj"}
    renamed |= {"norm1": "post_attention_layernorm", "norm2": "post_mlp_layernorm"}
    for key, value in reference.plain(task).items():
        for ours, theirs in renamed.items():
            key = key.replace(ours, theirs)
        for part, rows in zip("qkv", value.chunk(3), strict=True) if "Wqkv" in key else ((None, value),):
            weights[key if part is None else key.replace("mixer.Wqkv", f"self_attn.{part}_proj")] = rows
    its.load_state_dict(weights)
    model = PaddedModel(load(reference.saved(tmp_path), adapter=task))
    for ids, segments in texts(reference):
        with torch.no_grad():
            wanted = its(input_ids=ids[None], token_type_ids=segments[None], output_hidden_states=True)
            found = model(ids[None], token_type_ids=segments[None], output_hidden_states=True)
        for mine, other in zip(found.hidden_states, wanted.hidden_states, strict=True):
            close(mine, other)
        close(found.pooler_output, wanted.pooler_output)


@pytest.mark.parametrize("task", [None, "separation"])
def test_saved_in_the_family_s_own_form(task, tmp_path) -> None:
    reference = made("plain")
    first = load(reference.saved(tmp_path / "first"), adapter=task)
    first.save(tmp_path / "again")
    config = json.loads((tmp_path / "again/config.json").read_text())
    assert config["model_type"] == "jina_embeddings_v3"
    assert config["architectures"] == ["JinaEmbeddingsV3Model"]
    assert not {key for key in config if key.startswith("lora") or key in ("auto_map", "task_instructions")}
    wanted = {f"roberta.{name}": value for name, value in reference.plain(task).items()}
    found = load_file(tmp_path / "again/model.safetensors")
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        close(value, wanted[name], name, 1e-6)
    its, loading = transformers.AutoModel.from_pretrained(tmp_path / "again", output_loading_info=True)
    assert not loading["missing_keys"]
    assert not loading["unexpected_keys"]
    ids, segments = texts(reference)[2]
    with torch.no_grad():
        close(its.eval()(ids[None]).last_hidden_state[0], reference.states(ids, segments, task)[-2])


def test_what_is_read_and_what_is_not_is_told(tmp_path) -> None:
    folder = made("two-tasks").saved(tmp_path)
    for task in (None, "two"):
        report = load(folder, adapter=task).report
        assert report is not None
        told = {note.code: str(note) for note in report.notes}
        assert told.keys() == {"N_OWN_FORM", "N_ADAPTERS"}
        assert "one, two" in told["N_ADAPTERS"]
        assert told["N_ADAPTERS"].endswith(f": {task or 'none'}.")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_factors_of_half_precision_are_multiplied_in_float32(dtype, tmp_path) -> None:
    whole = made("plain")
    half = JinaV3(whole.values, {name: value.to(dtype) for name, value in whole.tensors.items()})
    single = JinaV3(whole.values, {name: value.float() for name, value in half.tensors.items()})
    model = PaddedModel(load(half.saved(tmp_path), adapter="classification"))
    ids, segments = texts(single)[0]
    with torch.no_grad():
        close(model(ids[None]).last_hidden_state[0], single.states(ids, segments, "classification")[-2])


def sentences(reference: JinaV3, folder: Path) -> Path:
    """The folder as the Hub has it, with a tokenizer and the files of sentence-transformers."""
    folder_of("xlm-roberta", folder)
    reference.saved(folder)
    kinds = ["custom_st.Transformer", "sentence_transformers.models.Pooling", "sentence_transformers.models.Normalize"]
    listed: list[dict[str, Any]] = [
        {"idx": 0, "name": "transformer", "path": "", "type": kinds[0], "kwargs": ["task"]},
        {"idx": 1, "name": "pooler", "path": "1_Pooling", "type": kinds[1]},
        {"idx": 2, "name": "normalizer", "path": "2_Normalize", "type": kinds[2]},
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": reference.values["hidden_size"], "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    stated = {"__version__": {}, "prompts": INSTRUCTIONS, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(stated))
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> tuple[JinaV3, Path]:
    reference = JinaV3.made({**CONFIGS["plain"], "vocab_size": 700})
    return reference, sentences(reference, tmp_path_factory.mktemp("jina"))


def vector(hub: tuple[JinaV3, Path], text: str, task: str | None, prompt: str) -> Any:
    reference, folder = hub
    ids = torch.tensor(torso.load_tokenizer(folder).encode(prompt + text))
    rows = reference.states(ids, torch.zeros_like(ids), task)[-2]
    return torch.nn.functional.normalize(rows.mean(0), dim=0).numpy()


TEXT = "the cat sat on the mat"


@pytest.mark.parametrize("task", [None, *TASKS])
def test_a_task_has_its_adapter_and_its_instruction(task, hub) -> None:
    [found] = torso.encode([TEXT], model=hub[1], task=task)
    np.testing.assert_allclose(found.vector, vector(hub, TEXT, task, INSTRUCTIONS.get(task or "", "")), atol=1e-5)
    assert found.prompt == INSTRUCTIONS.get(task or "", "")


def test_a_prompt_alone_uses_no_adapter_and_a_task_takes_another_prompt(hub) -> None:
    """As sentence-transformers has it."""
    [alone] = torso.encode([TEXT], model=hub[1], prompt_name="retrieval.query")
    np.testing.assert_allclose(alone.vector, vector(hub, TEXT, None, INSTRUCTIONS["retrieval.query"]), atol=1e-5)
    [other] = torso.encode([TEXT], model=hub[1], task="retrieval.query", prompt="")
    np.testing.assert_allclose(other.vector, vector(hub, TEXT, "retrieval.query", ""), atol=1e-5)


def test_each_adapter_is_opened_once_and_kept(hub) -> None:
    ready = make_ready(hub[1], Task.FEATURES)
    plans = [EmbedPlan(ready, task=task) for task in (None, "separation", "classification", "separation")]
    assert plans[0].runner is ready.runner
    assert plans[1].runner is plans[3].runner
    assert len({id(plan.runner) for plan in plans}) == 3
    assert len({plan.key for plan in plans}) == 3


def test_a_search_uses_the_adapters_of_its_two_sides(hub) -> None:
    others = ["a dog in the fog", "rain on the plain"]
    found = torso.similar(TEXT, others, model=hub[1])
    query = vector(hub, TEXT, "retrieval.query", INSTRUCTIONS["retrieval.query"])
    wanted = {
        each: query @ vector(hub, each, "retrieval.passage", INSTRUCTIONS["retrieval.passage"]) for each in others
    }
    for each in found:
        assert each.score == pytest.approx(float(wanted[each.text]), abs=1e-5)


def test_packed_weights_of_one_adapter_are_not_another_s(hub, tmp_path, monkeypatch) -> None:
    """Each is kept under its own key, and mapped at its next start."""
    monkeypatch.setenv("TORSO_CACHE", str(tmp_path))
    monkeypatch.delenv(mapped_cache.SETTING, raising=False)
    monkeypatch.setattr(packed_cache, "WORTHWHILE", 0.0)
    monkeypatch.setattr(packed_cache, "_TICK", 0)
    reference, folder = hub
    ids = torch.arange(5, 12)
    batch = HostBatch.of([SimpleNamespace(ids=ids.tolist(), segments=[0] * len(ids))])
    for task in (None, "separation", "classification") * 2:
        runner = opened(folder, Task.FEATURES, device="cpu", adapter=task)
        rows = torch.from_numpy(np.asarray(runner.run(batch, Wanted(pooled=False)).hidden.rows))
        close(rows, reference.states(ids, torch.zeros_like(ids), task)[-2], str(task))


@pytest.mark.parametrize("task", ["no such task", ""])
def test_a_task_that_is_not_there_is_refused(task, hub) -> None:
    with pytest.raises(TorsoError) as caught:
        torso.encode([TEXT], model=hub[1], task=task)
    assert caught.value.code == "E_ADAPTER"
    assert "text-matching" in str(caught.value)


def test_a_task_of_a_model_without_adapters_and_of_one_that_is_loaded_is_refused(hub, tmp_path) -> None:
    folder = made("plain").saved(tmp_path / "made")
    load(folder).save(tmp_path / "plain")
    with pytest.raises(TorsoError) as caught:
        load(tmp_path / "plain", adapter="separation")
    assert caught.value.code == "E_ADAPTER"
    with pytest.raises(TorsoError) as caught:
        torso.encode([TEXT], model=load(hub[1]), task="separation")
    assert caught.value.code == "E_ADAPTER"


@pytest.mark.parametrize(
    "changes",
    [
        {"lora_adaptations": "separation"},
        {"lora_adaptations": ["one", "one", "two", "three", "four"]},
        {"lora_adaptations": ["one", 2, "three", "four", "five"]},
        {"lora_adaptations": ["one", "two"]},
        {"lora_alpha": "1"},
        {"lora_alpha": 10**400},
        {"lora_alpha": float("inf")},
        {"task_instructions": ["one"]},
        {"task_instructions": ["a"]},
        {"task_instructions": {"separation": 1}},
    ],
)
def test_a_config_that_does_not_fit_is_refused(changes, tmp_path) -> None:
    reference = made("plain")
    folder = JinaV3({**reference.values, **changes}, reference.tensors).saved(tmp_path)
    with pytest.raises(TorsoError) as caught:
        load(folder)
    assert caught.value.code in ("E_CONFIG", "E_SHAPE")


@pytest.mark.parametrize("part", ["lora_A", "lora_B"])
@pytest.mark.parametrize("change", ["gone", "narrow", "flat", "whole numbers", "fewer tasks"])
def test_factors_that_do_not_fit_are_refused(part, change, tmp_path) -> None:
    reference = made("plain")
    key = f"encoder.layers.1.mlp.fc1.parametrizations.weight.0.{part}"
    value = reference.tensors.pop(key)
    others = {
        "narrow": value[:, :, :-1],
        "flat": value.flatten(),
        "whole numbers": value.to(torch.int32),
        "fewer tasks": value[1:],
    }
    if change != "gone":
        reference.tensors[key] = others[change].contiguous()
    with pytest.raises(TorsoError) as caught:
        load(reference.saved(tmp_path), adapter="separation")
    assert caught.value.code == "E_SHAPE"


def test_a_factor_that_is_not_finite_is_refused(tmp_path) -> None:
    reference = made("plain")
    reference.tensors["encoder.layers.0.mlp.fc1.parametrizations.weight.0.lora_B"][2, 0, 0] = float("nan")
    folder = reference.saved(tmp_path)
    load(folder)
    with pytest.raises(TorsoError) as caught:
        load(folder, adapter="separation")
    assert caught.value.code == "E_NONFINITE"


def test_published_config(tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED))
    architecture, config = read_config(tmp_path)
    assert architecture.family == "JinaEmbeddingsV3"
    assert config.max_tokens == 8194
    assert [note.code for note in config.notes] == ["N_OWN_FORM"]
    described = architecture.describe(config, Task.FEATURES)
    assert torso.blocks.parameter_count(described) == 559_364_096


def test_other_code_of_sentence_transformers_is_refused_still(hub, tmp_path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(hub[1], folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "position_embedding_type": "absolute"}))
    with pytest.raises(TorsoError) as caught:
        torso.encode([TEXT], model=folder)
    assert caught.value.code in ("E_POOLING", "E_MISSING")


def test_the_command_takes_a_task(hub, capsys) -> None:
    assert main(["embed", TEXT, "--model", str(hub[1]), "--task", "text-matching", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    np.testing.assert_allclose(found["vector"], vector(hub, TEXT, "text-matching", ""), atol=1e-5)


def test_a_torch_file_too(tmp_path) -> None:
    reference = made("plain")
    folder = reference.saved(tmp_path)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    model = PaddedModel(load(folder, adapter="separation"))
    ids, segments = texts(reference)[0]
    with torch.no_grad():
        close(model(ids[None]).last_hidden_state[0], reference.states(ids, segments, "separation")[-2])


@pytest.mark.parametrize("mode", ["exact", "bf16"])
def test_the_server_takes_the_tasks_of_jina_s_clients(mode, hub) -> None:
    from serve.conftest import serving

    try:
        torso.compiled(hub[1], Task.FEATURES, mode)
    except TorsoError:
        pytest.skip("this processor's kernels have no such mode")
    with serving({"jina": str(hub[1])}, mode) as client:

        def asked(**fields: Any) -> Any:
            answer = client.post("/v1/embeddings", json={"model": "jina", "input": TEXT, **fields})
            assert answer.status_code == 200, answer.text
            return np.array(answer.json()["data"][0]["embedding"])

        tolerance = 1e-5 if mode == "exact" else 3e-2
        for fields, task in (
            ({}, None),
            ({"task": "retrieval.query"}, "retrieval.query"),
            ({"task": "retrieval.passage"}, "retrieval.passage"),
            ({"task": "text-matching"}, "text-matching"),
            ({"input_type": "search_query"}, "retrieval.query"),
            ({"input_type": "clustering"}, "separation"),
        ):
            wanted = vector(hub, TEXT, task, INSTRUCTIONS.get(task or "", ""))
            np.testing.assert_allclose(asked(**fields), wanted, atol=tolerance, err_msg=str(fields))
        np.testing.assert_allclose(
            asked(task="retrieval.query", prompt=""), vector(hub, TEXT, "retrieval.query", ""), atol=tolerance
        )
        refused = client.post("/v1/embeddings", json={"model": "jina", "input": TEXT, "task": "no such task"})
        assert refused.status_code == 400
        assert "separation" in refused.text
