"""Which engine runs a model: the choice is made here alone. Loads no torch until PyTorch is chosen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from torso.adapters.adapted_job import match_model
from torso.architecture import Task
from torso.engines.compiled_decoder import compile_decoder, unsupported_for_generation
from torso.engines.compiling import exactly, unsupported_reason
from torso.engines.gpu_presence import may_have_gpu
from torso.engines.packed_cache import with_cache
from torso.engines.runner import Runner
from torso.errors import InputTypeError, MissingPackageError
from torso.io.optional_packages import is_pytorch
from torso.language import say
from torso.loading.load import load, read_config
from torso.loading.loading_job import LoadingJob

if TYPE_CHECKING:
    import torch

    from torso.model import Model

Out = TypeVar("Out")
_WRITING: tuple[Task[Any], ...] = (Task.CAUSAL_LM, Task.SEQ2SEQ_LM)


def opened(
    folder: Path,
    task: Task[Out],
    *,
    device: str | torch.device | None = None,
    new_head: bool = False,
    adapter: str | None = None,
) -> Runner[Out]:
    """Open a model's folder to be run: on a CPU by the kernels, if they know what it consists of, else by PyTorch.

    Args:
        folder: of a checkpoint.
        task: what the model shall give.
        device: where to run it, see `torso.engines.device.choose`.
        new_head: accepts a head whose weights are not in the checkpoint.
        adapter: as of `torso.load`.

    Raises:
        MissingPackageError: E_NO_TORCH, where it runs on PyTorch alone, which is not installed.
        TorsoError: as `torso.load`.
    """
    reason = say("it is to run on {device}", dict(device=device))
    if str(device) == "cpu" or (device is None and not may_have_gpu()):
        job = match_model(folder, *read_config(folder), task, new_head=new_head, adapter=adapter)
        reason = (
            unsupported_for_generation(job.description)
            if task in _WRITING
            else unsupported_reason(job.description, task)
        )
        if reason is None:
            return _compiled(job)
    return _on_pytorch(folder, task, device, new_head, adapter, reason)


def _compiled(job: LoadingJob[Out]) -> Runner[Out]:
    if job.task in _WRITING:
        return cast("Runner[Out]", with_cache(cast("Any", job), "exact", compile_decoder))
    return with_cache(job, "exact", exactly)


def _on_pytorch(
    folder: Path,
    task: Task[Out],
    device: str | torch.device | None,
    new_head: bool,
    adapter: str | None,
    reason: str,
) -> Runner[Out]:
    try:
        from torso.adapters.attach_lora import merge
        from torso.engines.device import choose
        from torso.engines.prepacking import prepacked
        from torso.engines.torch_runner import TorchRunner
    except ModuleNotFoundError as error:
        if not is_pytorch(error):
            raise
        raise MissingPackageError(
            "E_NO_TORCH",
            "This model runs on PyTorch alone, which is not installed; torso's kernels do not run it: {reason}.",
            cure='Install it: pip install "torso[torch]"',
            values=dict(reason=reason),
        ) from None
    model = load(folder, task, device=choose(device), new_head=new_head, adapter=adapter)
    return TorchRunner(prepacked(merge(model)))


def wrapped(model: Model[Out] | Runner[Out]) -> tuple[Runner[Out], Path | None]:
    """Return what runs a loaded model as it is, and the folder that it was loaded from; None for a new one.

    Raises:
        InputTypeError: ``E_SOURCE`` for what is no model of torso's.
    """
    if isinstance(model, Runner):
        module: Any = getattr(model, "model", None)
        report = getattr(model if module is None else module, "report", None)
        return model, None if report is None else Path(report.source)
    model = cast("Model[Out]", getattr(model, "packed", model))  # what the Auto classes gave
    loaded = sys.modules.get("torso.model")
    if loaded is None or not isinstance(model, loaded.Model):
        raise InputTypeError(
            "E_SOURCE",
            "The model is {kind}, which is none of torso's.",
            cure='Give a folder such as "./rbt3", an id such as "hfl/rbt3", or what torso.load gives.',
            values=dict(kind=type(model).__name__),
        )
    from torso.engines.torch_runner import TorchRunner

    return TorchRunner(model), None if model.report is None else Path(model.report.source)
