"""Merging an adapter folder into a folder of the whole model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from torso.adapters.adapted_job import task_of_adapter
from torso.adapters.adapted_model import build_adapted
from torso.adapters.adapter_folder import base_folder, is_adapter
from torso.adapters.attach_lora import merge
from torso.architecture import Task
from torso.errors import InputError
from torso.hub.file_selection import VOCABULARIES
from torso.io.atomic_folder import write_folder_atomically
from torso.io.paths import shown
from torso.loading.load import load_tokenizer, read_config


def merge_folder(
    adapter: str | os.PathLike[str], out: str | os.PathLike[str], *, base: str | None = None, task: str | None = None
) -> Task[Any]:
    """Merge an adapter into its base and write the whole model, with its tokenizer; return the task.

    Args:
        adapter: a folder, or a name on the Hub.
        out: the folder to write, which must not exist or be empty.
        base: the base model, where it is not to be the one that the adapter names.
        task: name of the head's task; None for the adapter's own.

    Raises:
        InputError: ``E_NO_ADAPTER``, for a model that is no adapter; ``E_EXISTS``, for a folder that holds files.
        TorsoError: as `torso.load` and `merge`.
    """
    from torso.hub import resolve

    folder, target = resolve(adapter).folder, Path(out)
    if not is_adapter(folder):
        raise InputError(
            "E_NO_ADAPTER",
            "{folder} is a model and no adapter: there is nothing to merge.",
            cure="Use it as it is.",
            values=dict(folder=shown(folder)),
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(
            "E_EXISTS",
            "{out} is there, and holds files.",
            cure="Give a folder that is not there yet: --out FOLDER",
            values=dict(out=shown(target)),
        )
    whole = resolve(base).folder if base is not None else base_folder(folder)
    architecture, config = read_config(folder if (folder / "config.json").exists() else whole)
    chosen = Task.named(task) if task is not None else task_of_adapter(folder)
    model = merge(build_adapted(folder, architecture, config, chosen, base=whole, dtype="auto"))
    assert model.report is not None
    model.report = replace(model.report, source=str(whole))
    speaking = next((each for each in (folder, whole) if any((each / name).exists() for name in VOCABULARIES)), None)
    with write_folder_atomically(target) as made:
        model.save(made, tokenizer=None if speaking is None else load_tokenizer(speaking))
    return chosen
