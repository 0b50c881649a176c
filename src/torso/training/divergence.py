"""Why a step's loss or gradient is not finite: the micro-batch, the module, the parameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.engines.torch_runner import evaluating
from torso.errors import DivergedError
from torso.model import Model
from torso.training.examples import Example
from torso.training.objective import Objective
from torso.training.step_order import Step

_SHOWN = 8


def diverged(
    model: Model[Any],
    objective: Objective[Any],
    step: Step,
    examples: Sequence[Example],
    parts: Sequence[Sequence[int]],
    loss: float,
    checkpoint: str,
) -> DivergedError:
    """Return the error of a step whose loss or gradient is not finite, after finding where it began.

    Args:
        model: with the gradients of the step.
        objective: of its task.
        step: the step, which was not taken.
        examples: of the step.
        parts: indices of the examples of each micro-batch.
        loss: the step's.
        checkpoint: path of the last one, for the message.
    """
    values: dict[str, Any] = dict(step=step.number, loss=loss, checkpoint=checkpoint)
    for part in parts:
        chosen = [examples[index] for index in part]
        module = first_nonfinite(model, objective, chosen)
        if module is not None:
            rows = sorted(each.row for each in chosen)
            shown = ", ".join(map(str, rows[:_SHOWN])) + (", ..." if len(rows) > _SHOWN else "")
            return DivergedError(
                "E_DIVERGED",
                "Step {step} was not taken: its loss is {loss}. The first output that is not finite is of {module}.",
                where="Rows {rows}; the last checkpoint is {checkpoint}.",
                cure="Look at these rows, or begin again with a lower rate: --rate, --replace.",
                values=dict(values, module=module, rows=shown),
            )
    name = next(
        (name for name, each in model.named_parameters() if each.grad is not None and not each.grad.isfinite().all()),
        "-",
    )
    return DivergedError(
        "E_DIVERGED",
        "Step {step} was not taken: its loss is {loss}, and the gradient of {parameter} is not finite.",
        where="The last checkpoint is {checkpoint}.",
        cure="Begin again with a lower rate: --rate, --replace.",
        values=dict(values, parameter=name),
    )


def first_nonfinite(model: Model[Any], objective: Objective[Any], examples: Sequence[Example]) -> str | None:
    """Return the module whose output is the first that is not finite, ``loss`` for the loss itself; None if all are."""
    found: list[str] = []

    def watch(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if not found and any(not bool(each.isfinite().all()) for each in _tensors(output)):
                found.append(name)

        return hook

    modules = cast("Iterable[tuple[str, nn.Module]]", model.named_modules())
    handles = [module.register_forward_hook(watch(name or "the model")) for name, module in modules]
    try:
        with torch.no_grad(), evaluating(model):
            total = objective.total(model(objective.batch(model, examples)), examples)
    finally:
        for handle in handles:
            handle.remove()
    if found:
        return found[0]
    return None if bool(total.isfinite()) else "loss"


def _tensors(output: object) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output] if output.is_floating_point() else []
    if isinstance(output, (tuple, list)):
        return [each for item in cast("Sequence[object]", output) for each in _tensors(item)]
    if is_dataclass(output) and not isinstance(output, type):
        return [each for field in fields(output) for each in _tensors(getattr(output, field.name))]
    return []
