"""Building a model from a folder of config and weights."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torso import blocks
from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.io.optional_packages import pytorch_for
from torso.loading.labels_and_dtype import NewHead, run_device, run_dtype
from torso.loading.loading_job import match_folder
from torso.weights.tensor_bits import bits_of

if TYPE_CHECKING:
    import torch

    from torso.model import Model

Out = TypeVar("Out")


def build_plain(
    folder: Path,
    architecture: Architecture[Any],
    config: HubConfig,
    task: Task[Out],
    *,
    labels: Sequence[str] | None = None,
    num_labels: int | None = None,
    new_head: NewHead = False,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    allow: Collection[str] = (),
    allow_nonfinite: bool = False,
    adapter: str | None = None,
) -> Model[Out]:
    """Build the model of a folder whose config is already read, and load its weights; arguments as for `torso.load`."""
    with pytorch_for("torso.load"):
        import torch

        from torso.model import Model, initialise
        from torso.nn.meta_init import place, weightless

    target_device = run_device(device)
    job = match_folder(
        folder,
        architecture,
        config,
        task,
        labels=labels,
        num_labels=num_labels,
        new_head=new_head,
        allow=allow,
        allow_nonfinite=allow_nonfinite,
        adapter=adapter,
    )
    with weightless():
        model = Model(job.config, architecture, task)
    model.drop(job.plan.absent)
    kind = run_dtype(job.saved_dtype, dtype, target_device)
    exact = {name for name, weight in blocks.named_weights(job.description) if weight.exact}
    with torch.no_grad():
        for name, shape in list(model.named_shapes()):
            value = torch.empty(shape, dtype=torch.float32 if name in exact else kind)
            if name in job.plan.new:
                initialise(model, {name: value}, job.config.initializer_range)
            job.read_into(name, bits_of(value))
            place(model, name, value)
        job.check_copies({name: bits_of(each) for name, each in model.named_parameters(remove_duplicate=False)})
    model.report, model.head_trained = job.report(), job.head_trained
    return model.to(target_device).eval()
