"""The model of an adapter folder: its base with the adapter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from torso.adapters.adapted_head import require_head, with_head
from torso.adapters.adapter_config import read_adapter
from torso.adapters.adapter_folder import base_folder
from torso.adapters.adapter_reading import read_into
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
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
    resolved, matched = with_head(folder, architecture, config, task, options)
    given: BuildOptions = {**options, **matched}
    model = build_plain(base or base_folder(folder), architecture, resolved, task, **given)
    read_into(model, folder, adapter, allow_nonfinite=options.get("allow_nonfinite", False))
    assert model.report is not None
    model.report = replace(model.report, source=str(folder), base_name=adapter.base)
    require_head(folder, task, () if model.head_trained else model.report.new, options)
    return model
