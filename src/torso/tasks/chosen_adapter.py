"""The adapters of a checkpoint that holds one for each of several tasks, each opened when it is first asked for.

Every adapter that is used has the weights of the whole model in memory: they are added before the model is compiled, so
that each runs as fast as the base. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from torso.config.sentence_modules import transformer_folder
from torso.errors import InputError
from torso.tasks.ready import Ready, read_once
from torso.weights.task_adapters import no_adapter, stated_adapters

Out = TypeVar("Out")
QUERY, PASSAGE = "retrieval.query", "retrieval.passage"
"""What Jina's models call the tasks of the two sides of a search."""

_OPENING = Lock()


def instructions_of(ready: Ready[Any]) -> Mapping[str, str]:
    """Return what is put before the texts of each task that has an adapter; empty where the model has none.

    Raises:
        ConfigError: as `stated_adapters`.
    """
    if ready.open_adapter is None:
        return {}
    stated = read_once(ready, "adapters", lambda folder: stated_adapters(transformer_folder(folder)))
    return {} if stated is None else stated.instructions


def with_task(ready: Ready[Out], task: str) -> Ready[Out]:
    """Return a model with the adapter of a task, opened at its first use and kept.

    Raises:
        InputError: ``E_ADAPTER``, for a task without one, or a model that was loaded before.
        TorsoError: as `torso.load`.
    """
    if ready.open_adapter is None:
        raise InputError(
            "E_ADAPTER",
            "{name} was loaded already: with which adapter is decided there.",
            cure="Load it with one, torso.load(source, adapter={task}), or give the name of its folder.",
            values=dict(name=ready.name, task=repr(task[:60])),
        )
    known = instructions_of(ready)
    if task not in known:
        raise no_adapter(ready.name, task, tuple(known))
    key = f"adapter {task}"
    with _OPENING:
        if key not in ready.memo:
            ready.memo[key] = ready.open_adapter(task)
    return replace(ready, runner=ready.memo[key])
