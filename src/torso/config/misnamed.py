"""A config under a name of its own, as the archives of BERT's early days and many hand-made folders have it."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import cast

from torso.errors import TorsoError
from torso.io.files import read_text
from torso.io.strict_json import parse_json

_LIMIT = 1 << 20
_MOST_NAMES = 10_000
_MOST_FILES = 100
_NAME = re.compile(r".*config.*\.json(\.txt)?", re.IGNORECASE)
_OTHERS = (
    *("tokenizer_config", "generation_config", "adapter_config", "preprocessor_config"),
    *("sentence_", "config_sentence_transformers"),
)
_WIDTHS = ("hidden_size", "d_model", "n_embd", "dim", "embedding_size")


def misnamed_config(folder: Path) -> str | None:
    """Return the one file of a folder that holds a model's config under another name than config.json; else None."""
    try:
        names = sorted(entry.name for entry in islice(os.scandir(folder), _MOST_NAMES) if entry.is_file())
    except OSError:
        return None
    if "config.json" in names:
        return None
    named = [name for name in names if _NAME.fullmatch(name) and not name.lower().startswith(_OTHERS)]
    found = [name for name in named[:_MOST_FILES] if _is_config(folder / name)]
    return found[0] if len(found) == 1 else None


def is_of_a_trainer(folder: Path) -> bool:
    """Return whether a folder holds what transformers' Trainer writes of a model that is none of its own classes."""
    return (folder / "training_args.bin").is_file() and (folder / "model.safetensors").is_file()


def is_of_a_stopped_run(folder: Path) -> bool:
    """Return whether a folder holds what `torso.train` leaves before its first evaluation."""
    return (folder / "run" / "last" / "state.safetensors").is_file()


def _is_config(path: Path) -> bool:
    try:
        value = parse_json(read_text(path, limit=_LIMIT, code="E_CONFIG"), path=path, code="E_CONFIG", strict=False)
    except TorsoError:
        return False
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    return "model_type" in keys or ("vocab_size" in keys and any(width in keys for width in _WIDTHS))
