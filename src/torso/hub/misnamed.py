"""A config under a name of its own, as the archives of BERT's early days and many hand-made folders have it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from torso.errors import NotFoundError, TorsoError
from torso.files import read_json, shown

_LIMIT = 1 << 20
_OTHERS = ("tokenizer_config", "generation_config", "adapter_config", "preprocessor_config", "sentence_bert_config")
_WIDTHS = ("hidden_size", "d_model", "n_embd", "dim", "embedding_size")


def misnamed_config(folder: Path) -> str | None:
    """The one file at the top of a folder that holds a model's config, where there is no config.json; else None."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError:
        return None
    if "config.json" in names:
        return None
    found = [name for name in names if _may_be_config(name) and _is_config(folder / name)]
    return found[0] if len(found) == 1 else None


def require_config(folder: Path) -> None:
    """Raises where a folder holds its config under another name.

    Raises:
        NotFoundError: E_MISSING_FILE.
    """
    name = misnamed_config(folder)
    if name is not None:
        raise NotFoundError(
            "E_MISSING_FILE",
            "{path} is not there, but {name}, which holds the config of a model, is.",
            cure="Rename {name} to config.json.",
            values=dict(path=shown(folder / "config.json"), name=shown(name)),
        )


def _may_be_config(name: str) -> bool:
    stem = name.lower().removesuffix(".json")
    return stem != name.lower() and "config" in stem and "(" not in stem and not stem.startswith(_OTHERS)


def _is_config(path: Path) -> bool:
    try:
        value = read_json(path, limit=_LIMIT, code="E_JSON")
    except TorsoError:
        return False
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    return "vocab_size" in keys and any(width in keys for width in _WIDTHS)
