"""The model of an adapter folder before any tensor is read: its base, and what the adapter changes. Loads no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, Unpack

from torso.adapters.adapter_folder import base_folder, is_adapter
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
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
    # Most folders are none: their models start without what reads adapters.
    from torso.adapters.adapted_head import require_head, with_head
    from torso.adapters.adapter_config import read_adapter
    from torso.adapters.adapter_match import match_adapter
    from torso.adapters.merged_weights import MergedWeights

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
    from torso.adapters.adapter_config import read_adapter
    from torso.adapters.adapter_targets import TASK_TYPES

    architecture, config = read_config(folder)
    if not is_there(folder / "config.json"):
        of_type = {name: task for task, name in TASK_TYPES.items()}.get(read_adapter(folder).task_type or "")
        if of_type is not None:
            return of_type
    return next(iter(architecture.named_tasks(config.architectures or ())), Task.FEATURES)
