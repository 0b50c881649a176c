"""Folders of Gemma 3 with its tower for images: their text model, as the whole one reads texts."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torso
from conftest import seed
from generation.small import TEMPLATE
from lazy import LazyModule
from text.vocabularies import folder_of
from torso import Task, load
from torso.cli import main
from torso.compat.loading_models import config_of
from torso.compat.padded_model import PaddedModel
from torso.config.config_file import ConfigFile
from torso.config.text_part import text_part
from torso.engines.compiled_decoder import compiled_decoder
from torso.errors import TorsoError
from torso.generation.completion import complete
from torso.generation.prompts import prompts_of
from torso.generation.settings_files import settings_of
from torso.inspection.trained_heads import trained_heads
from torso.loading.load import read_config
from torso.loading.save import hub_tensors
from torso.model import Model
from torso.nn.meta_init import weightless

from .families import FAMILIES
from .forms import rewritten, weights
from .reference import close

transformers = LazyModule("transformers")

TOWER = {
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
CONFIGS = {**FAMILIES["gemma3_text"].configs}
del CONFIGS["both-ways"]  # the whole model lets text see forwards alone


def whole(folder: Path, values: Any, kind: str = "ForConditionalGeneration", **outer: Any) -> Any:
    """A small whole model of transformers with random weights, and its folder."""
    outer = {"tie_word_embeddings": values.get("tie_word_embeddings", True), **outer}
    inner = {**values, "initializer_range": 0.3}
    settings = transformers.Gemma3Config(text_config=inner, vision_config=TOWER, mm_tokens_per_image=4, **outer)
    settings._attn_implementation = "eager"
    torch.manual_seed(5)
    made = getattr(transformers, f"Gemma3{kind}")(settings).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    made.save_pretrained(folder)
    return made


def texts(made: Any) -> torch.Tensor:
    return torch.randint(1, made.config.text_config.vocab_size, (3, 13), generator=torch.Generator().manual_seed(1))


def test_the_names_that_transformers_writes(tmp_path) -> None:
    whole(tmp_path, CONFIGS["plain"])
    assert "language_model.model.embed_tokens.weight" in weights(tmp_path)


@pytest.mark.parametrize("name", [*CONFIGS, "drawn"])
def test_texts_are_read_as_the_whole_model_reads_them(name, tmp_path) -> None:
    values = CONFIGS.get(name) or FAMILIES["gemma3_text"].drawn(random.Random(seed()))
    made = whole(tmp_path / "whole", values)
    ids = texts(made)
    tensors = weights(tmp_path / "whole")
    later = {
        key.replace("language_model.model.", "model.language_model.", 1).replace("language_model.lm_", "lm_")
        if key.startswith("language_model.")
        else f"model.{key}": value
        for key, value in tensors.items()
    }
    folders = [tmp_path / "whole", rewritten(tmp_path / "whole", tmp_path / "later", later)]
    with torch.no_grad():
        wanted = made(ids, output_hidden_states=True)
        for folder in folders:
            model = load(folder, Task.CAUSAL_LM)
            found = PaddedModel(model)(ids, output_hidden_states=True)
            close(found.logits, wanted.logits)
            for mine, its in zip(found.hidden_states, wanted.hidden_states, strict=True):
                close(mine, its)
        # What is saved is the text model, which transformers reads as one.
        model.save(tmp_path / "again")
        other, told = transformers.AutoModelForCausalLM.from_pretrained(
            tmp_path / "again", attn_implementation="eager", output_loading_info=True
        )
        assert type(other).__name__ == "Gemma3ForCausalLM"
        assert not told["missing_keys"]
        assert not told["unexpected_keys"]
        close(other.eval()(ids).logits, wanted.logits)
        again = load(tmp_path / "again", Task.CAUSAL_LM)
    assert all(value.equal(hub_tensors(model)[key]) for key, value in hub_tensors(again).items())
    again.save(tmp_path / "twice")
    for file in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "twice" / file).read_bytes()


@pytest.mark.parametrize("beams", [1, 2])
def test_writing_is_as_the_whole_model_writes(beams, tmp_path) -> None:
    made = whole(tmp_path, CONFIGS["untied"], eos_token_id=[58, 59])
    model = load(tmp_path, Task.CAUSAL_LM)
    way = dict(max_new_tokens=9, num_beams=beams)
    chosen = settings_of(tmp_path, model.config).replace(way)
    assert set(chosen.eos_token_id) == {58, 59}
    prompts = [texts(made)[0, :size].tolist() for size in (4, 13)]
    written = complete(model, prompts_of(model, prompts, chosen), chosen, batch=2)
    for ids, [mine] in zip(prompts, written, strict=True):
        its = made.generate(torch.tensor([ids]), eos_token_id=[58, 59], do_sample=False, **way)[0].tolist()[len(ids) :]
        assert list(mine.ids) == its


def test_the_kernels_and_pytorch_chat_alike(tmp_path) -> None:
    folder_of("gpt2", tmp_path)
    (tmp_path / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    whole(tmp_path, {**CONFIGS["untied"], "vocab_size": 501}, eos_token_id=500)
    said = [{"role": "user", "content": "Who wrote it?"}]
    model = load(tmp_path, Task.CAUSAL_LM)
    tokenizer = torso.load_tokenizer(tmp_path)
    [its] = torso.chat(said, model=model, tokenizer=tokenizer, max_new_tokens=12)
    [mine] = torso.chat(said, model=compiled_decoder(tmp_path), max_new_tokens=12)
    assert mine.ids == its.ids
    assert mine.log_probabilities == pytest.approx(its.log_probabilities, abs=1e-5)
    assert np.isfinite(mine.log_probabilities).all()


def test_labels_of_the_whole_model(tmp_path) -> None:
    made = whole(tmp_path, CONFIGS["plain"], "ForSequenceClassification", num_labels=3, pad_token_id=0)
    assert trained_heads(tmp_path)[:1] == (Task.SEQUENCE_CLASSIFICATION,)
    with torch.no_grad():
        found = PaddedModel(load(tmp_path, Task.SEQUENCE_CLASSIFICATION))(texts(made)).logits
        close(found, made(texts(made)).logits)


def test_what_is_left_out_is_said_in_one_sentence(tmp_path, capsys) -> None:
    made = whole(tmp_path, CONFIGS["plain"])
    report = load(tmp_path, Task.CAUSAL_LM).report
    assert report is not None
    assert [note.code for note in report.notes] == ["N_TEXT_ONLY"]
    assert {key.partition(".")[0] for key in report.unclaimed} == {"vision_tower", "multi_modal_projector"}
    main(["config", str(tmp_path)])
    assert "leaves out the tensors for images" in " ".join(capsys.readouterr().out.split())
    mine = config_of(made.config)
    its = read_config(tmp_path)[1]
    differing = {each.name for each in mine.declared() if getattr(mine, each.name) != getattr(its, each.name)}
    assert differing <= {"num_labels", "id2label", "label2id"}  # which a config of transformers always states


def _published(inner: dict[str, Any], **outer: Any) -> dict[str, Any]:
    return {
        "architectures": ["Gemma3ForConditionalGeneration"],
        "boi_token_index": 255999,
        "eoi_token_index": 256000,
        "eos_token_id": [1, 106],
        "image_token_index": 262144,
        "initializer_range": 0.02,
        "mm_tokens_per_image": 256,
        "model_type": "gemma3",
        "text_config": {
            "model_type": "gemma3_text",
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            "sliding_window": 1024,
            **inner,
        },
        "torch_dtype": "bfloat16",
        "transformers_version": "4.50.0.dev0",
        "vision_config": {"hidden_size": 1152, "model_type": "siglip_vision_model", "vision_use_head": False},
        **outer,
    }


PUBLISHED = {
    "google/gemma-3-4b-it": _published({"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34}),
    "google/gemma-3-12b-it": _published(
        {
            "hidden_size": 3840,
            "intermediate_size": 15360,
            "num_attention_heads": 16,
            "num_hidden_layers": 48,
            "num_key_value_heads": 8,
        }
    ),
    "google/gemma-3-27b-it": _published(
        {
            "head_dim": 128,
            "hidden_size": 5376,
            "intermediate_size": 21504,
            "num_attention_heads": 32,
            "num_hidden_layers": 62,
            "num_key_value_heads": 16,
            "query_pre_attn_scalar": 168,
        }
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_files_are_of_the_reference_s_names_and_sizes(name, tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED[name]))
    architecture, config = read_config(tmp_path)
    assert config.eos_token_id == [1, 106]
    with weightless():
        model = Model(config, architecture, Task.CAUSAL_LM)
    settings = transformers.AutoConfig.from_pretrained(tmp_path)
    with torch.device("meta"):
        other = transformers.AutoModelForCausalLM.from_config(settings)
    theirs = {
        key.replace("model.language_model.", "model."): tuple(value.shape)
        for key, value in other.state_dict().items()
        if "language_model" in key
    }
    ours = {key: tuple(value.shape) for key, value in hub_tensors(model).items()}
    assert ours == theirs
    for mine, its in {"sliding_window": "sliding_window", "query_pre_attn_scalar": "query_pre_attn_scalar"}.items():
        assert getattr(config, mine) == getattr(settings.text_config, its)
    kinds = [config.kind(layer) for layer in range(config.num_hidden_layers)]
    assert kinds == settings.text_config.layer_types


@pytest.mark.parametrize("inner", [[], "gemma3_text", 3, True])
def test_a_text_config_that_is_no_table_is_refused(inner, tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": inner}))
    with pytest.raises(TorsoError, match="text_config") as caught:
        read_config(tmp_path)
    assert caught.value.code == "E_CONFIG"


@pytest.mark.parametrize("values", [{}, {"model_type": "bert"}, {"model_type": ["gemma3"]}, {"text_config": {}}])
def test_other_files_are_left_as_they_are(values, tmp_path) -> None:
    file = ConfigFile.parse(json.dumps(values), tmp_path / "config.json")
    assert text_part(file) is file
