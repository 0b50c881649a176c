"""Which engine runs a model: the choice is made here alone. Loads no torch until PyTorch is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from torso.architecture import Task
from torso.engines.runner import Runner
from torso.io.optional_packages import pytorch_for
from torso.loading.load import load

if TYPE_CHECKING:
    import torch

    from torso.model import Model

Out = TypeVar("Out")


def opened(
    folder: Path, task: Task[Out], *, device: str | torch.device | None = None, new_head: bool = False
) -> Runner[Out]:
    """Open a model's folder to be run.

    Args:
        folder: of a checkpoint.
        task: what the model shall give.
        device: where to load the weights, see `torso.engines.device.choose`.
        new_head: accepts a head whose weights are not in the checkpoint.

    Raises:
        MissingPackageError: E_NO_TORCH, where it runs on PyTorch alone, which is not installed.
        TorsoError: as `torso.load`.
    """
    with pytorch_for(f"The task {task.name}"):
        from torso.adapters.attach_lora import merge
        from torso.engines.device import choose
        from torso.engines.optimise import prepacked
        from torso.engines.torch_runner import TorchRunner

    return TorchRunner(prepacked(merge(load(folder, task, device=choose(device), new_head=new_head))))


def wrapped(model: Model[Out] | Runner[Out]) -> tuple[Runner[Out], Path | None]:
    """Return what runs a loaded model as it is, and the folder that it was loaded from; None for a new one."""
    if isinstance(model, Runner):
        module = getattr(model, "model", None)
        report = getattr(model if module is None else module, "report", None)
        return model, None if report is None else Path(report.source)
    from torso.engines.torch_runner import TorchRunner

    return TorchRunner(model), None if model.report is None else Path(model.report.source)
