"""The files of a sentence-transformers folder: what makes a vector of a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torso.config.sentence_modules import TABLE
from torso.config.static_config import MODEL_TYPE
from torso.io.files import make_folder, write_atomically
from torso.tasks.embedding_recipe import MODES, Recipe

_PACKAGE = "sentence_transformers.models"
_KEYS = {mode: f"pooling_mode_{mode}" for mode in MODES} | {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def write_sentence_files(folder: Path, recipe: Recipe, max_tokens: int | None, config: Mapping[str, Any]) -> None:
    """Write ``modules.json`` and what it names, for a model that is written already.

    Args:
        folder: of the model.
        recipe: pooling, normalisation, prompts and similarity.
        max_tokens: what texts are cut to; None leaves it open.
        config: of the model, which says how long vectors are.
    """
    width = config.get("hidden_size") or config.get("d_model") or config.get("n_embd") or config.get("dim")
    is_table = config.get("model_type") == MODEL_TYPE
    modules = [(TABLE, "")] if is_table else [("Transformer", ""), ("Pooling", "1_Pooling")]
    modules += [("Normalize", f"{len(modules)}_Normalize")] * recipe.normalize
    listed = [
        {"idx": place, "name": str(place), "path": path, "type": f"{_PACKAGE}.{kind}"}
        for place, (kind, path) in enumerate(modules)
    ]
    pooling = {"word_embedding_dimension": width, **{key: mode in recipe.modes for mode, key in _KEYS.items()}}
    reading = {"max_seq_length": recipe.max_tokens or max_tokens, "do_lower_case": recipe.lowercase}
    name = next((name for name, prompt in recipe.prompts.items() if prompt and prompt == recipe.prompt), None)
    stated = {
        "prompts": dict(recipe.prompts),
        "default_prompt_name": name,
        "similarity_fn_name": recipe.similarity,
    }
    of_transformer = {"1_Pooling/config.json": pooling, "sentence_bert_config.json": reading}
    files = {"config_sentence_transformers.json": stated, "modules.json": listed}
    for path, value in (files if is_table else of_transformer | files).items():
        make_folder((folder / path).parent)
        with write_atomically(folder / path) as file:
            file.write((json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())
    if recipe.normalize:
        make_folder(folder / modules[-1][1])
