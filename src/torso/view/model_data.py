"""What a model's files say, for the page: config, changes on trial, tensors, files, heads. Only headers are read."""

from __future__ import annotations

import json
from math import prod
from typing import Any

from torso.architecture import Task
from torso.config.describe import ACTS, Description
from torso.config.sentence_modules import transformer_folder
from torso.errors import NotFoundError, TorsoError
from torso.inspection.opened_config import Opened
from torso.language import say

MOST_TENSORS = 4000
"""Tensors that are listed."""


def config_data(opened: Opened, *, folder: bool, source: str = "") -> dict[str, Any]:
    """Return every parameter of a config, with what stands beside it.

    Args:
        opened: the model.
        folder: whether the folder is named.
        source: what Python names the model by, where that is another name.
    """
    described, writing = opened.config.describe(), opened.generation_settings()
    return {
        "model": opened.name,
        "family": opened.architecture.family,
        "model_type": opened.config.model_type,
        "tasks": [task.name for task in opened.architecture.tasks],
        "writes": opened.architecture.decodes,
        "max_tokens": opened.config.max_tokens,
        "folder": str(opened.folder) if folder else None,
        "parameters": rows_of(described),
        "generation": [] if writing is None else rows_of(writing),
        "sentence_transformers": opened.sentence_settings(),
        "notes": list(described.notes),
        "code": ["import torso", f"torso.AutoConfig.from_pretrained({source or opened.name!r})"],
    }


def rows_of(described: Description) -> list[dict[str, Any]]:
    """Return rows of a description with their words translated."""
    return [
        {**row, "source_word": say(row["source"]), "acts_word": say(ACTS[row["acts"]])} for row in described.as_dicts()
    ]


def changes_data(opened: Opened, given: dict[str, Any], *, source: str = "") -> dict[str, Any]:
    """Return what changes of a config would do; nothing is written.

    Args:
        opened: the model.
        given: parameters with their values as they were typed: JSON, or a word.
        source: as in `config_data`.

    Raises:
        TorsoError: the change cannot be made: which parameter, and why.
    """
    changes = {name: typed_value(value) for name, value in given.items()}
    changed = opened.config.replace(changes)
    weights_checked = opened.weights_follow(changed)
    before, after = opened.config.describe(), changed.describe()
    rows = [(old, new) for old, new in zip(before, after, strict=True) if old.value != new.value]
    mine = {each.name: each.value for each in after if changed.source(each.name) == "you"}
    return {
        "changes": [
            {"name": new.name, "old": old.value, "new": new.value, "acts": new.acts, "acts_word": say(ACTS[new.acts])}
            for old, new in rows
        ],
        "weights_checked": weights_checked,
        "runs": {new.name: new.value for _, new in rows if new.acts == "run"},
        "code": [f"torso.load({source or opened.name!r}, changes={mine!r})"],
    }


def typed_value(text: object) -> Any:
    """Return a value as it was typed: JSON, else the text itself."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def weights_data(opened: Opened) -> dict[str, Any]:
    """Return every tensor of the files of a model, from their headers, and the files themselves.

    Raises:
        TorsoError: the weights cannot be read.
    """
    from torso.weights.weights import open_weights

    folder = transformer_folder(opened.folder)
    notes = list(opened.tokenizer_notes())  # here, since the tokenizer takes longer to read than the config
    try:
        weights = open_weights(folder)
    except NotFoundError as error:
        return {
            "tensors": [],
            "count": 0,
            "parameters": 0,
            "missing": error.as_dict(),
            "files": files_data(opened),
            "tokenizer_notes": notes,
        }
    tensors = [
        {"name": name, "dtype": entry.dtype, "shape": list(entry.shape), "numbers": prod(entry.shape)}
        for name, entry in weights.entries.items()
    ]
    return {
        "tensors": tensors[:MOST_TENSORS],
        "count": len(tensors),
        "parameters": sum(
            prod(entry.shape) for name, entry in weights.entries.items() if entry.is_float and name not in weights.tied
        ),
        "missing": None,
        "files": files_data(opened),
        "tokenizer_notes": notes,
    }


def files_data(opened: Opened) -> list[dict[str, Any]]:
    """Return the files of a model, each with its size, and whether its hash is known."""
    from torso.hub.local.hub_cache import files_in
    from torso.hub.local.manifest import evidence_of

    try:
        known = evidence_of(opened.folder)
    except TorsoError:
        known = None
    hashes = (known.files if known is not None else None) or {}
    teller = say(known.known_from) if known is not None and known.known_from else ""
    rows: list[dict[str, Any]] = []
    for name in sorted(files_in(opened.folder))[:500]:
        size = (opened.folder / name).stat().st_size
        rows.append({"name": name, "size": size, "known_from": teller if name in hashes else ""})
    return rows


def heads_data(opened: Opened) -> dict[str, Any]:
    """Return which heads the checkpoint holds, and which its family has besides."""
    from torso.inspection.trained_heads import trained_heads

    there = [task.name for task in trained_heads(opened.folder)]
    tasks = [task.name for task in opened.architecture.tasks if task is not Task.FEATURES]
    absent = [name for name in tasks if name not in there]
    return {"heads": there, "absent": absent}


def compared_data(one: Opened, two: Opened) -> list[dict[str, Any]]:
    """Return the parameters in which two configs differ."""
    here, there = ({row["name"]: row for row in rows_of(each.config.describe())} for each in (one, two))
    names = [*here, *(name for name in there if name not in here)]
    rows: list[dict[str, Any]] = []
    for name in names:
        a, b = here.get(name), there.get(name)
        if a is None or b is None or a["value"] != b["value"]:
            known: dict[str, Any] = a or b or {}
            values = [each["value"] if each else None for each in (a, b)]
            there_in = [a is not None, b is not None]
            rows.append({**known, "values": values, "in": there_in})
    return rows
