"""The model of an adapter folder before any tensor is read: its base, and what the adapter changes. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, Unpack

from torso.adapters.adapter_config import read_adapter
from torso.adapters.adapter_folder import base_folder, is_adapter
from torso.adapters.adapter_match import head_labels, match_adapter
from torso.adapters.adapter_targets import TASK_TYPES
from torso.adapters.merged_weights import MergedWeights
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError
from torso.io.files import is_there
from torso.loading.labels_and_dtype import MatchOptions
from torso.loading.load import read_config
from torso.loading.loading_job import LoadingJob, match_folder

Out = TypeVar("Out")


def match_model(
    folder: Path, architecture: Architecture[Any], config: HubConfig, task: Task[Out], **options: Unpack[MatchOptions]
) -> LoadingJob[Out]:
    """Match the model of a folder whose config is already read with its files, an adapter's with those of its base too.

    Arguments as for `torso.load`. The weights of an adapter are read merged, in float32.

    Raises:
        TorsoError: as `torso.load`, and as `torso.merge`.
    """
    if not is_adapter(folder):
        return match_folder(folder, architecture, config, task, **options)
    adapter = read_adapter(folder)
    config, given = with_head(folder, architecture, config, task, options)
    job = match_folder(base_folder(folder), architecture, config, task, **given)
    match = match_adapter(job, folder, adapter)
    new = match.still_new(job.plan.new)
    require_head(folder, task, new, options)
    nonfinite = options.get("allow_nonfinite", False)
    changes = MergedWeights.of(job, match, folder, nonfinite=nonfinite)
    return replace(job, folder=folder, plan=replace(job.plan, new=new), changes=changes, base_name=adapter.base)


def task_of_adapter(folder: Path) -> Task[Any]:
    """Return the task of an adapter: as its config.json, its task type or its base says; features where none does.

    Raises:
        TorsoError: as `read_config`.
    """
    architecture, config = read_config(folder)
    if not is_there(folder / "config.json"):
        of_type = {name: task for task, name in TASK_TYPES.items()}.get(read_adapter(folder).task_type or "")
        if of_type is not None:
            return of_type
    named = config.architectures or ()
    return next((task for task in architecture.tasks if architecture.class_name(task) in named), Task.FEATURES)


def with_head(
    folder: Path, architecture: Architecture[Any], config: HubConfig, task: Task[Any], options: MatchOptions
) -> tuple[HubConfig, MatchOptions]:
    """Return the config and the options for the base of an adapter, which may hold the whole head itself."""
    held = head_labels(folder, architecture.plan(task).names.keys("out.weight", "")) if task.labelled else None
    if held is None:
        return config, options
    named = options.get("labels") is not None or options.get("num_labels") is not None
    if not named and config.num_labels != held:
        config = config.replace({"num_labels": held})
    return config, {**options, "new_head": True}


def require_head(folder: Path, task: Task[Any], new: Sequence[str], options: MatchOptions) -> None:
    """Raise for a head that neither the base nor the adapter holds, unless a new one was asked for.

    Raises:
        WeightsError: ``E_NO_HEAD``.
    """
    if options.get("new_head", False) is False and any(each.startswith("head.") for each in new):
        raise WeightsError(
            "E_NO_HEAD",
            "{folder} has no trained head for {task}: it lacks {some}.",
            cure="To start a new one for training: new_head=True.",
            values=dict(folder=folder, task=task.name, some=", ".join(new[:4])),
        )
