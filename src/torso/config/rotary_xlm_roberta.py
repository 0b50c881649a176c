"""Configs of Jina's rotary XLM-R, whose code came with the checkpoint, read in the form that the family has since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from torso.config.config_file import ConfigFile, dumped
from torso.weights.tensor_entry import Note

OWN = "jina_embeddings_v3"
"""The model type of the family."""

_SAID_OTHERWISE = frozenset({"model_type", "position_embedding_type", "auto_map", "use_flash_attn"})
_OF_ADAPTERS = frozenset(
    {
        *("lora_adaptations", "lora_alpha", "lora_rank", "lora_dropout_p", "lora_main_params_trainable"),
        *("load_trained_adapters", "task_instructions"),
    }
)
"""Keys that say nothing of the base; what they say of adapters, `torso.weights.task_adapters` reads."""

_KEYS = {"rotary_emb_base": "rope_theta"}
_CLASSES = ("XLMRobertaLoRA", "XLMRoberta")


def is_rotary_xlm_roberta(values: Mapping[str, Any]) -> bool:
    """Return whether a config is of XLM-R with rotary positions, which only code of Jina's computes."""
    return values.get("model_type") == "xlm-roberta" and values.get("position_embedding_type") == "rotary"


def in_own_form(file: ConfigFile) -> ConfigFile:
    """Return such a config under the names of its family in transformers; any other file as it is.

    The file gets a note: what torso saves is the family's own form, without adapters.
    """
    if not is_rotary_xlm_roberta(file.values):
        return file
    values: dict[str, Any] = {"model_type": OWN}
    for key, value in file.values.items():
        if key == "architectures" and isinstance(value, list):
            values[key] = [_own_class(each) for each in cast("list[object]", value)]
        elif key not in _SAID_OTHERWISE | _OF_ADAPTERS:
            values[_KEYS.get(key, key)] = value
    note = Note(
        "N_OWN_FORM",
        "{path} is of code that came with the checkpoint; torso reads it as {own}, and saves it so, without adapters.",
        dict(path=file.path, own=OWN),
    )
    written = {key: dumped(value) for key, value in values.items()}
    return replace(file, values=values, written=written, notes=(*file.notes, note))


def _own_class(name: object) -> object:
    """Return the family's name of one of the code's classes, with the same head."""
    stem = next((each for each in _CLASSES if isinstance(name, str) and name.startswith(each)), None)
    if stem is None or not isinstance(name, str):
        return name
    return f"JinaEmbeddingsV3{name.removeprefix(stem) or 'Model'}"
