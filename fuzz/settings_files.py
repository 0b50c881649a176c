"""Fuzzes the readers of generation_config.json and of the files of sentence-transformers."""

from __future__ import annotations

import json
import random
from pathlib import Path

from children import Target, main
from mutations import json_bytes

from torso.generation.generation_settings import GenerationSettings
from torso.generation.settings_files import require_known, settings_of
from torso.loading.load import read_config
from torso.tasks.sentence_files import read_recipe

GENERATION = {each.name: each.default for each in GenerationSettings.declared() if each.name != "seed"} | {
    "eos_token_id": [1, 2],
    "bad_words_ids": [[3]],
    "guidance_scale": 1.0,
}
CONFIG = {"model_type": "t5", "task_specific_params": {"summarization": {"max_length": 9, "prefix": "summarize: "}}}
SENTENCES = {
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True},
    "2_Dense/config.json": {"in_features": 8, "out_features": 4, "bias": True},
    "sentence_bert_config.json": {"max_seq_length": 128, "do_lower_case": False},
    "config_sentence_transformers.json": {"prompts": {"query": "q: "}, "default_prompt_name": "query"},
}


def build_generation(some: random.Random, folder: Path) -> Path:
    """Writes a mutated generation_config.json."""
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "generation_config.json").write_bytes(json_bytes(some, GENERATION))
    return folder


def call_generation(folder: Path) -> None:
    """Reads it, with the task of the config."""
    settings = settings_of(folder, read_config(folder)[1])
    repr(settings.describe())
    require_known(settings)


def build_sentences(some: random.Random, folder: Path) -> Path:
    """Writes the files of sentence-transformers, one of them mutated."""
    changed = some.choice(list(SENTENCES))
    for name, value in SENTENCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(json_bytes(some, value) if name == changed else json.dumps(value).encode())
    return folder


if __name__ == "__main__":
    main(
        Target("generation_config", build_generation, call_generation),
        Target("sentence_files", build_sentences, read_recipe),
    )
