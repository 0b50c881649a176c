"""Configs of models of text and images, read as the config of their text model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from torso.config.config_file import ConfigFile, dumped
from torso.errors import ConfigError
from torso.weights.tensor_entry import Note

_TEXT_MODELS: Mapping[str, str] = {"gemma3": "gemma3_text"}
"""Type of a whole model to the type of its text model."""

_NOT_OF_TEXT = frozenset(
    {
        *("model_type", "architectures", "text_config", "vision_config", "mm_tokens_per_image"),
        *("boi_token_index", "eoi_token_index", "image_token_index", "image_token_id"),
    }
)
"""Top-level keys that say nothing of the text model, or say it in another way."""

_CLASSES: Mapping[str, str] = {
    "Gemma3ForConditionalGeneration": "Gemma3ForCausalLM",
    "Gemma3ForSequenceClassification": "Gemma3TextForSequenceClassification",
    "Gemma3Model": "Gemma3TextModel",
}
"""Class of a whole model to that of its text model with the same head."""


def text_part(file: ConfigFile) -> ConfigFile:
    """Return the config of the text model in a file of a model of text and images; any other file as it is.

    What the top level says of texts, such as the end mark or the labels of a head, goes before the text model's own
    words, as in transformers. The file gets a note on what is left out.

    Raises:
        ConfigError: ``E_CONFIG``, for a ``text_config`` that is not a table.
    """
    kind = file.values.get("model_type")
    own = _TEXT_MODELS.get(kind) if isinstance(kind, str) else None
    if own is None:
        return file
    inner = file.values.get("text_config")
    if inner is not None and not isinstance(inner, dict):
        raise ConfigError(
            "E_CONFIG",
            "text_config in {path} is {kind}, not a table of parameters.",
            cure="Download config.json again.",
            values=dict(path=file.path, kind=type(inner).__name__),
        )
    outer = {key: value for key, value in file.values.items() if key not in _NOT_OF_TEXT}
    values = {**cast("dict[str, Any]", inner or {}), **outer, "model_type": own}
    # Whether the output matrix is the embeddings is the whole model's to say; it is silent where they are one.
    values["tie_word_embeddings"] = outer.get("tie_word_embeddings", True)
    # The head of the whole model has no cap.
    values["final_logit_softcapping"] = None
    named = file.values.get("architectures")
    if isinstance(named, list):
        values["architectures"] = [
            _CLASSES.get(each, each) if isinstance(each, str) else each for each in cast("list[object]", named)
        ]
    note = Note(
        "N_TEXT_ONLY",
        "{path} is of a model of texts and images: torso reads its text model and leaves out the tensors for images; "
        "what it saves is the text model alone ({own}).",
        dict(path=file.path, own=own),
    )
    written = {key: dumped(value) for key, value in values.items()}
    return replace(file, values=values, written=written, notes=(*file.notes, note))
