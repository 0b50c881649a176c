"""Which heads a checkpoint holds, found out from the headers of its files: no weights are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.config.sentence_modules import transformer_folder
from torso.errors import TorsoError
from torso.loading.load import read_config

if TYPE_CHECKING:
    from torso.loading.contents import Contents

_NOT_THERE = ("E_NO_HEAD", "E_LABELS", "E_TASK_UNSUPPORTED", "E_SHAPE")


def trained_heads(folder: Path) -> tuple[Task[Any], ...]:
    """Return the tasks whose head a checkpoint holds whole, the one that its config names first.

    Heads of two tasks can have the same weights under the same names; then the config decides, else both count.

    Raises:
        TorsoError: as `torso.load`, if the trunk itself cannot be loaded.
    """
    from torso.loading.contents import Contents
    from torso.weights.weights import open_weights

    architecture, config = read_config(folder)
    contents = Contents.of(open_weights(transformer_folder(folder)), architecture)
    found: dict[Task[Any], frozenset[str]] = {}
    for task in architecture.tasks:
        if task is Task.FEATURES:
            continue
        keys = _keys_of_head(architecture, config, task, contents)
        if keys is not None:
            found[task] = keys
    named = architecture.named_tasks((config.architectures or ())[:1])
    by_config = [task for task in found if task in named]
    chosen = [
        task
        for task, keys in found.items()
        if task in by_config or not any(keys and keys == found[other] for other in by_config)
    ]
    return tuple(sorted(chosen, key=lambda task: task not in by_config))


def _keys_of_head(
    architecture: Architecture[Any], config: HubConfig, task: Task[Any], contents: Contents
) -> frozenset[str] | None:
    """Return the file's names of a head's last layer; None if the file does not hold the head."""
    from torso.loading.labels_and_dtype import resolve_labels
    from torso.loading.plan import HEAD, plan
    from torso.model import Model
    from torso.nn.meta_init import weightless

    try:
        resolved, fresh = resolve_labels(config, architecture, task, contents, None, None, new_head=False)
        with weightless():
            model = Model(resolved, architecture, task)
        shapes = dict(model.named_shapes())
        decided = plan(shapes, model.fused(), architecture, task, contents, may_make_head=False, fresh=fresh, allow=())
    except TorsoError as error:
        if error.code in _NOT_THERE:
            return None
        raise
    # The pooler before them may be shared: two heads differ by their last layer.
    scores = {name: keys for name, keys in decided.found.items() if name.startswith(HEAD) and "out" in name.split(".")}
    return frozenset(key for keys in scores.values() for key in keys)
