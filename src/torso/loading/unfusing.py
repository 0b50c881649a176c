"""Models whose projections are modules of their own where the Hub's are: for freezing, wrapping and reading by name.

torso runs queries, keys and values as one product, and so holds them in one layer. A model that others take apart, by
the Hub's names, holds them apart: the same weights, descriptions and loading, with another table of names.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from torso import blocks
from torso.architecture import Architecture, Task, fused_parts
from torso.config.hub_config import HubConfig

if TYPE_CHECKING:
    from torso.model import Model

C = TypeVar("C", bound=HubConfig)
Out = TypeVar("Out")


class UnfusedArchitecture(Architecture[C]):
    """A family, with the projections apart that its files keep apart; one that files fuse stays fused.

    Attributes:
        fused: the family as torso runs it.
    """

    fused: Architecture[C]

    def __reduce__(self) -> tuple[Any, ...]:
        return unfused, (self.fused,)

    def describe(self, config: C, task: Task[Any]) -> blocks.Whole:
        """Describe the model of a config with the head of a task.

        Raises:
            UnsupportedError: ``E_TASK_UNSUPPORTED``, if the family has no such head.
        """
        whole = super().describe(config, task)
        tables = {"trunk": self.fused.names, "head": self.fused.plan(task).names}
        made: dict[int, blocks.Part] = {}

        def instead(name: str, part: blocks.Part) -> blocks.Part:
            if not isinstance(part, blocks.Linear) or not part.rows:
                return part
            side, _, own = name.partition(".")
            if len(tables[side].keys(f"{own}.weight", "")) == 1:
                return part
            return made.setdefault(id(part), blocks.UnfusedLinear(part.in_features, part.rows, part.bias))

        blocks.replace_parts(whole, instead)
        return whole


@cache
def unfused(architecture: Architecture[C]) -> UnfusedArchitecture[C]:
    """Return a family with its projections apart, where its files keep them apart; always the same one."""
    if isinstance(architecture, UnfusedArchitecture):
        return architecture
    stated: dict[str, Any] = {each.name: getattr(architecture, each.name) for each in fields(architecture)}
    stated["names"] = architecture.names.unfused()
    made: UnfusedArchitecture[C] = UnfusedArchitecture(**stated)
    object.__setattr__(made, "fused", architecture)
    return made


def fused_family(architecture: Architecture[C]) -> Architecture[C]:
    """Return a family as torso runs it, with its projections fused."""
    return architecture.fused if isinstance(architecture, UnfusedArchitecture) else architecture


def fused_copy(model: Model[Out]) -> Model[Out]:
    """Return a model with its projections fused: copies of those weights, and the others themselves.

    Args:
        model: as its description says, without an adapter; one that is fused already is returned as it is.
    """
    if not isinstance(model.architecture, UnfusedArchitecture):
        return model
    import torch

    from torso.model import Model
    from torso.nn.meta_init import place, weightless

    with weightless():
        made = Model(model.config, fused_family(model.architecture), model.task)
    if model.report is not None:
        made.drop(model.report.absent)
    own, parts = dict(model.named_parameters()), fused_parts(made.description)
    for name in [name for name, _ in made.named_parameters()]:
        if name in own:
            place(made, name, own[name])
        else:
            module, _, kind = name.rpartition(".")
            apart = [own[f"{module}.{i}.{kind}"].detach() for i in range(len(parts[module].rows))]
            place(made, name, torch.cat(apart))
    made.report, made.head_trained = model.report, model.head_trained
    return made.train(model.training)
