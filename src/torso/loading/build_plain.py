"""Building a model from a folder of config and weights."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.config.sentence_modules import transformer_folder
from torso.io.optional_packages import pytorch_for
from torso.loading.head_owner import owner_of_head, refuse_other_head
from torso.loading.labels_and_dtype import NewHead, run_device, run_dtype, settle_labels

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
) -> Model[Out]:
    """Build the model of a folder whose config is already read, and load its weights; arguments as for `torso.load`."""
    with pytorch_for("torso.load"):
        import torch

        from torso.loading.contents import Contents, check_copies, check_sizes, read
        from torso.loading.plan import HEAD, copies_of, plan
        from torso.model import Model, initialise
        from torso.nn.meta_init import place, weightless
    from torso.weights.report import LoadReport
    from torso.weights.weights import open_weights

    target_device = run_device(device)
    contents = Contents.of(open_weights(transformer_folder(folder)), architecture)
    check_sizes(config, architecture, contents)
    other = owner_of_head(config, architecture, task, contents)
    if other is not None and not new_head:
        refuse_other_head(task, other, contents)
    if other is not None and other.labelled:
        config = config.replace({"num_labels": None})  # they are the other head's
    config, fresh = settle_labels(
        config, architecture, task, contents, labels, num_labels, new_head=new_head, taken=other
    )
    with weightless():
        model = Model(config, architecture, task)
    parts = model.fused()
    decided = plan(
        dict(model.named_shapes()),
        parts,
        architecture,
        task,
        contents,
        may_make_head=bool(new_head),
        fresh=fresh,
        allow=allow,
    )
    model.drop(decided.absent)
    saved = contents.weights.entries[contents.actual[next(iter(decided.found.values()))[0]]].dtype
    kind = run_dtype(saved, dtype, target_device)
    with torch.no_grad():
        for name, shape in list(model.named_shapes()):
            value = torch.empty(shape, dtype=kind)
            if name in decided.new:
                initialise(model, {name: value}, config.initializer_range)
            if name in decided.found:
                layout = model.names_of(name).form(name.partition(".")[2]), parts.get(name.rpartition(".")[0])
                read(contents, decided.found[name], value, *layout, allow_nonfinite=allow_nonfinite)
            place(model, name, value)
        copies = copies_of(architecture, task, contents.prefix)
        check_copies(copies, contents, decided.found, dict(model.named_parameters(remove_duplicate=False)))
    model.report = LoadReport(
        str(folder),
        tuple(path.name for path in contents.weights.files),
        len(decided.found),
        decided.new,
        decided.absent,
        decided.unclaimed,
        contents.prefix,
        saved,
        contents.notes,
        other.name if other is not None else task.name if fresh else "",
    )
    model.head_trained = not any(name.startswith(HEAD) for name in decided.new)
    return model.to(target_device).eval()
