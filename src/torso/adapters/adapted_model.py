"""The model of an adapter folder: its base with the adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from torso.adapters.adapter_config import read_adapter
from torso.adapters.adapter_folder import base_folder
from torso.adapters.adapter_reading import head_labels, read_into
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError
from torso.loading.build_plain import build_plain
from torso.loading.labels_and_dtype import BuildOptions

if TYPE_CHECKING:
    from torso.model import Model

Out = TypeVar("Out")


def build_adapted(
    folder: Path,
    architecture: Architecture[Any],
    config: HubConfig,
    task: Task[Out],
    *,
    base: Path | None = None,
    **options: Unpack[BuildOptions],
) -> Model[Out]:
    """Build the base model of an adapter folder and give it the adapter, which may hold the whole head.

    Arguments as for `torso.load`; ``base`` is the base's folder, where it is not to be the one that the adapter names.
    """
    adapter = read_adapter(folder)
    held = head_labels(folder, architecture.plan(task).names.keys("out.weight", "")) if task.labelled else None
    named = options.get("labels") is not None or options.get("num_labels") is not None
    if held is not None and not named and config.num_labels != held:
        config = config.replace({"num_labels": held})
    new_head = options.get("new_head", False)
    if held is not None:
        options["new_head"] = True
    model = build_plain(base or base_folder(folder), architecture, config, task, **options)
    read_into(model, folder, adapter, allow_nonfinite=options.get("allow_nonfinite", False))
    assert model.report is not None
    model.report = replace(model.report, source=str(folder), base_name=adapter.base)
    if new_head is False and not model.head_trained:
        raise _no_head_in(folder, task, model.report.new)
    return model


def _no_head_in(folder: Path, task: Task[Any], new: Sequence[str]) -> WeightsError:
    return WeightsError(
        "E_NO_HEAD",
        "{folder} has no trained head for {task}: it lacks {some}.",
        cure="To start a new one for training: new_head=True.",
        values=dict(folder=folder, task=task.name, some=", ".join(new[:4])),
    )
