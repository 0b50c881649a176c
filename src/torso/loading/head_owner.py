"""Which task the head in a checkpoint belongs to, where heads of several tasks have the same names."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from torso.architecture import Architecture, Task
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError

if TYPE_CHECKING:
    from torso.loading.contents import Contents
    from torso.weights.names import Names


def owner_of_head(
    config: HubConfig, architecture: Architecture[Any], task: Task[Any], contents: Contents
) -> Task[Any] | None:
    """The other task whose head the weights hold under the names that ``task`` would have; None if there is none.

    Names alone do not tell: ``classifier.weight`` scores texts, tokens or alternatives. ``architectures`` of the config
    does, where it names a class of the family.
    """
    other = next(iter(architecture.named_tasks((config.architectures or ())[:1])), None)
    if other is None or other is task or not (other.labelled or task.labelled):
        return None
    own, theirs = (architecture.plan(each).names for each in (task, other))
    keys = [_scores(names, contents) for names in (own, theirs)]
    return other if keys[0] is not None and keys[0] == keys[1] else None


def _scores(names: Names, contents: Contents) -> str | None:
    """The key in the weights of the matrix that makes a head's scores; None without one."""
    for parameter in ("out.weight", "scorer.out.weight"):
        with suppress(KeyError):
            key = names.keys(parameter, contents.prefix)[0]
            if contents.shapes.get(key):
                return key
    return None


def refuse_other_head(task: Task[Any], other: Task[Any], contents: Contents) -> None:
    """Refuse to run one task with the head of another.

    Raises:
        WeightsError: ``E_NO_HEAD``, naming the head that is there.
    """
    raise WeightsError(
        "E_NO_HEAD",
        "{folder} has a head for {other}, and none for {task}, which would have the same names.",
        cure="Use it for {other}. To train a new head: torso train --model {folder} --data TABLE --out FOLDER, or in "
        "Python new_head=True.",
        values=dict(folder=contents.weights.folder, other=other.name, task=task.name),
    )
