"""The head of an adapter's model, which the base, the adapter or neither holds. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torso.adapters.adapter_match import head_labels
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.loading.labels_and_dtype import MatchOptions
from torso.loading.plan import no_head


def with_head(
    folder: Path, architecture: Architecture[Any], config: HubConfig, task: Task[Any], options: MatchOptions
) -> tuple[HubConfig, MatchOptions]:
    """Return the config and the options for the base of an adapter, which may hold the whole head itself."""
    num_labels = head_labels(folder, architecture.plan(task).names.keys("out.weight", "")) if task.labelled else None
    if num_labels is None:
        return config, options
    named = options.get("labels") is not None or options.get("num_labels") is not None
    if not named and config.num_labels != num_labels:
        config = config.replace({"num_labels": num_labels})
    return config, {**options, "new_head": True}


def require_head(folder: Path, task: Task[Any], new: Sequence[str], options: MatchOptions) -> None:
    """Raise for a head that neither the base nor the adapter holds, unless a new one was asked for.

    Raises:
        WeightsError: ``E_NO_HEAD``.
    """
    if options.get("new_head", False) is False and any(each.startswith("head.") for each in new):
        raise no_head(task, folder, new)
