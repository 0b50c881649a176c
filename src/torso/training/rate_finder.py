"""Finding a learning rate: the loss over steps whose rate rises exponentially (https://arxiv.org/abs/1506.01186)."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import DivergedError, InputError
from torso.io.arguments import known_arguments
from torso.model import Model
from torso.training.data_files import Data
from torso.training.optimiser_step import RatePlan, Stepper
from torso.training.parameter_groups import adamw, parameter_groups
from torso.training.plots import plot_rates
from torso.training.preparing import Prepared, TrainRequest, prepare
from torso.training.step_order import steps
from torso.training.train_settings import TrainSettings

if TYPE_CHECKING:
    import torch

LOWEST, HIGHEST = 1e-7, 1e-1
_SMOOTHING = 0.9
_EXPLODED = 3.0  # times the lowest loss


@dataclass(frozen=True, slots=True)
class RateCurve:
    """Losses by learning rate.

    Attributes:
        rates: of each step.
        losses: smoothed, of each step.
        suggestion: the rate where the loss falls fastest.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the curve as PNG."""
        plot_rates(Path(path), self.rates, self.losses, self.suggestion)


@known_arguments
def find_rate(
    model: str | os.PathLike[str] | Model[Any],
    data: Data,
    *,
    task: str | None = None,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    problem: str | None = None,
    settings: TrainSettings | None = None,
    steps: int = 100,
    encoding: str | None = None,
    device: str | torch.device | None = None,
) -> RateCurve:
    """Find a learning rate by a short run in which it rises from 1e-7 to 0.1; the model given stays as it was.

    Args:
        model: as `train` takes it.
        data: as `train` takes it.
        task: its name; None finds it in the columns.
        text: column of the text, two for pairs; None finds it.
        label: column of the label; None finds it.
        problem: ``regression`` for numbers; None for labels.
        settings: of the run; its rate, schedule and epochs have no effect here.
        steps: of the run, at least 10.
        encoding: of text files; None for UTF-8.
        device: where to run; None for an accelerator if there is one.

    Raises:
        InputError: ``E_ARGUMENT``, for too few steps; others as `train`.
    """
    if steps < 10:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value}; it must be at least {least}.",
            cure="Leave it out: the default suits most runs.",
            values=dict(name="steps", value=steps, least=10),
        )
    columns = (text,) if isinstance(text, str) else text
    copied = copy.deepcopy(model) if isinstance(model, Model) else model
    request = TrainRequest(copied, data, None, None, task, columns, label, problem, encoding, False, device)
    return rate_curve(prepare(request, settings or TrainSettings()), steps)


def rate_curve(run: Prepared, count: int) -> RateCurve:
    """Return the curve of a prepared run of ``count`` steps; its model is changed."""
    settings = replace(run.settings, steps=count, epochs=None)
    optimiser = adamw(run.model, parameter_groups(run.model, settings, 1.0), replace(settings, head_rate=None))
    plan = RatePlan(1.0, "constant", 0, count)
    stepper = Stepper(
        run.model, run.objective, optimiser, plan, clip=settings.clip, tokens=settings.tokens, seed=settings.seed
    )
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0
    run.model.train()
    examples = run.examples["train"]
    for step in steps(len(examples), batch=settings.batch, total=count, seed=settings.seed):
        rate = LOWEST * (HIGHEST / LOWEST) ** ((step.number - 1) / max(count - 1, 1))
        stepper.rates = replace(plan, peak=rate)
        try:
            taken = stepper.take(step, [examples[index] for index in step.texts])
        except DivergedError:
            break
        average = _SMOOTHING * average + (1 - _SMOOTHING) * taken.loss
        rates.append(rate)
        losses.append(average / (1 - _SMOOTHING**step.number))
        if losses[-1] > _EXPLODED * min(losses):
            break
    run.model.eval()
    return RateCurve(rates, losses, suggestion(rates, losses))


def suggestion(rates: Sequence[float], losses: Sequence[float]) -> float:
    """Return the rate where the smoothed loss falls fastest before its lowest point."""
    end = max(min(range(len(losses)), key=lambda index: losses[index]), 1)
    return rates[min(range(1, end + 1), key=lambda index: losses[index] - losses[index - 1])]
