"""Which kinds of vectors a model gives: dense, sparse, multi-vector. Loads no torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from torso.adapters.adapter_folder import own_or_base
from torso.architecture import Task
from torso.config.sentence_modules import read_modules
from torso.engines.opened import wrapped
from torso.errors import InputError
from torso.io.files import is_there
from torso.tasks.late_files import VECTORS_FILE, is_colbert_ir, is_late
from torso.tasks.ready import Ready, Usable
from torso.tasks.sparse_files import LEXICAL_FILE

Vectors = Literal["dense", "sparse", "multi-vector"]
KINDS: tuple[Vectors, ...] = ("dense", "sparse", "multi-vector")


def kinds_of(folder: Path) -> tuple[Vectors, ...]:
    """Return the kinds of vectors that a folder's model gives, the one that it is made for first.

    Raises:
        FileFormatError, ConfigError: E_POOLING for files that say nothing usable.
    """
    folder = own_or_base(folder, "modules.json")
    modules = read_modules(folder)
    if any(module.kind == "SpladePooling" for module in modules):
        return ("sparse",)
    if is_colbert_ir(folder) or is_late(folder, modules):
        return ("multi-vector",)
    beside: dict[Vectors, str] = {"sparse": LEXICAL_FILE, "multi-vector": VECTORS_FILE}
    return ("dense", *(kind for kind, name in beside.items() if is_there(folder / name)))


def folder_of(model: Usable[Any]) -> Path | None:
    """Return the folder that a model is, or was loaded from; None for one that was never loaded.

    Raises:
        NotFoundError, OfflineError, NetworkError: a model that is named cannot be had.
    """
    if isinstance(model, Ready):
        return model.folder
    if isinstance(model, (str, os.PathLike)):
        from torso.hub import resolve

        return resolve(model).folder
    return wrapped(model)[1]


def resolve_kind(model: Usable[Any], stated: str | None) -> Vectors:
    """Return the kind of vectors to compare: what the caller says, else what the model is made for.

    Raises:
        InputError: E_ARGUMENT for a kind that there is not.
        TorsoError: as `kinds_of`, `folder_of`.
    """
    if stated is not None:
        for kind in KINDS:
            if kind == stated:
                return kind
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be {known}.",
            cure="Leave it out for what the model is made for.",
            values=dict(name="vectors", value=repr(stated), known=", ".join((*KINDS, "combined"))),
        )
    folder = folder_of(model)
    if not isinstance(model, (str, os.PathLike)):
        runner = model.runner if isinstance(model, Ready) else model
        if runner.task is Task.MASKED_LM:
            return "sparse"
    return "dense" if folder is None else kinds_of(folder)[0]


def require_all_kinds(model: Usable[Any]) -> None:
    """Check that a model gives dense, sparse and multi-vector vectors, so that their scores can be combined.

    Raises:
        InputError: E_POOLING, if it does not.
        TorsoError: as `kinds_of`, `folder_of`.
    """
    folder = folder_of(model)
    kinds = () if folder is None else kinds_of(folder)
    if set(kinds) != set(KINDS):
        raise InputError(
            "E_POOLING",
            "The model gives {kinds} vectors; a combined score needs {known}.",
            cure="Use a model that gives all three, such as BAAI/bge-m3; or leave vectors out.",
            values=dict(kinds=", ".join(kinds) or "dense", known=", ".join(KINDS)),
        )


def sparse_task(model: Usable[Any]) -> Task[Any]:
    """Return the task that a model is loaded for to give sparse vectors: as it was loaded, or as its folder says.

    Raises:
        TorsoError: as `folder_of`, `kinds_of`.
    """
    if not isinstance(model, (str, os.PathLike)):
        return model.runner.task if isinstance(model, Ready) else model.task
    folder = folder_of(model)
    return Task.MASKED_LM if folder is not None and kinds_of(folder)[0] == "sparse" else Task.FEATURES
