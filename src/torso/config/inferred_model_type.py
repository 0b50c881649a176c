"""The type of a config file, where its ``model_type`` is that of another family whose code it replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


def inferred_model_type(values: Mapping[str, Any]) -> object:
    """Return the ``model_type`` under which torso has the model of a config file.

    A model whose code came with it was often saved under the type of the family that the code began as. No code of a
    checkpoint runs; the keys that only that code reads tell such a file.

    Args:
        values: what the file says.
    """
    stated = values.get("model_type")
    if stated == "bert" and values.get("position_embedding_type") == "alibi" and "feed_forward_type" in values:
        # A later code of the same kind norms queries and keys, and adds the rows twice: another model.
        return stated if any("qk-post-norm" in each for each in _code(values)) else "jina_bert"
    return stated


def _code(values: Mapping[str, Any]) -> list[str]:
    """Return what a file names as its code, and as what it was made of."""
    code = values.get("auto_map")
    named = list(cast("dict[str, object]", code).values()) if isinstance(code, dict) else []
    return [each for each in (*named, values.get("_name_or_path")) if isinstance(each, str)]
