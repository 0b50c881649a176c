"""Options of ``torso train`` that are settings of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from torso.errors import InputError

if TYPE_CHECKING:
    from torso.training.train_settings import TrainSettings

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--epochs", dict(type=float, metavar="N", help="Passes over the training texts; 3 by default.")),
    ("--steps", dict(type=int, metavar="N", help="Optimiser steps, in place of epochs.")),
    ("--batch", dict(type=int, metavar="N", help="Texts of one step; 32 by default.")),
    ("--tokens", dict(type=int, metavar="N", help="Tokens computed at a time; less takes less memory.")),
    ("--rate", dict(type=float, metavar="RATE", help="Peak learning rate; by default after the model's size.")),
    ("--head-rate", dict(type=float, metavar="RATE", help="Peak learning rate of the head.")),
    ("--optimiser", dict(type=click.Choice(["adamw", "muon"]), help="adamw by default; muon for new weights.")),
    ("--matrix-rate", dict(type=float, metavar="RATE", help="Peak learning rate of Muon's matrices.")),
    ("--layer-decay", dict(type=float, metavar="X", help="Factor on the rate from each block to the one below it.")),
    ("--weight-decay", dict(type=float, metavar="X", help="Weight decay of AdamW; 0.01 by default.")),
    (
        "--schedule",
        dict(type=click.Choice(["linear", "cosine", "constant", "wsd"]), help="Course of the learning rate."),
    ),
    ("--warmup", dict(type=float, metavar="X", help="Share of the steps in which the rate rises, or their number.")),
    ("--clip", dict(type=float, metavar="X", help="Largest norm of the gradient; 1 by default.")),
    ("--precision", dict(type=click.Choice(["auto", "float32", "bf16"]), help="Number format of computing.")),
    ("--freeze", dict(multiple=True, metavar="NAME", help="A module that does not learn: embed, layers.0-5.")),
    ("--class-weights", dict(type=click.Choice(["balanced"]), help="Weigh rare labels as much as frequent ones.")),
    ("--loss", dict(metavar="NAME", help="Loss of embeddings or of a ranking; by default after the columns.")),
    ("--dimensions", dict(multiple=True, type=int, metavar="N", help="Embeddings whose first N numbers are vectors.")),
    ("--evaluate-every", dict(metavar="N", help="Steps (500) or epochs (0.5) between evaluations; 1.0 by default.")),
    ("--save-every", dict(metavar="N", help="Steps (500) or epochs (0.5) between checkpoints; 1.0 by default.")),
    ("--metric", dict(metavar="NAME", help="Score that chooses the best model.")),
    ("--patience", dict(type=int, metavar="N", help="Stop after N evaluations without improvement.")),
    (
        "--long",
        dict(
            type=click.Choice(["error", "truncate", "drop"]),
            help="Texts longer than the model takes; truncate by default, and counted.",
        ),
    ),
    ("--seed", dict(type=int, metavar="N", help="Of order, dropout and a new head; 0 by default.")),
)


class SettingOptions(TypedDict):
    """Options of the command that are settings: None or empty where they are not given."""

    epochs: float | None
    steps: int | None
    batch: int | None
    tokens: int | None
    rate: float | None
    head_rate: float | None
    optimiser: str | None
    matrix_rate: float | None
    layer_decay: float | None
    weight_decay: float | None
    schedule: str | None
    warmup: float | None
    clip: float | None
    precision: str | None
    freeze: tuple[str, ...]
    class_weights: str | None
    loss: str | None
    dimensions: tuple[int, ...]
    evaluate_every: str | None
    save_every: str | None
    metric: str | None
    patience: int | None
    long: str | None
    seed: int | None


NAMES = tuple(name.removeprefix("--").replace("-", "_") for name, _ in _OPTIONS)


def settings(function: AnyFunction) -> AnyFunction:
    """Add an option for each setting; those that are not given keep the value of --config, or the default."""
    for name, about in reversed(_OPTIONS):
        function = click.option(name, **about)(function)
    return function


def settings_from(given: Mapping[str, Any], config: str | None) -> TrainSettings:
    """Return the settings of a command's options over those of a file.

    Raises:
        InputError: ``E_ARGUMENT``, for a value that means nothing.
        FileFormatError: ``E_SETTINGS``, for a file without settings.
    """
    from torso.training.run_folder import settings_of
    from torso.training.train_settings import TrainSettings

    values = {} if config is None else settings_of(Path(config))
    own = {name: given[name] for name in NAMES if given[name] not in (None, ())}
    for name in ("evaluate_every", "save_every"):
        if name in own:
            own[name] = _every(name, own[name])
    if "steps" in own and "epochs" not in own:
        values = {**values, "epochs": None}
    if "epochs" in own and "steps" not in own:
        values = {**values, "steps": None}
    return TrainSettings.of({**values, **own})


def _every(name: str, text: str) -> float | int:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise InputError(
            "E_ARGUMENT",
            "{name} is {value!r}; it must be a number of steps (500) or of epochs (0.5).",
            cure="Leave it out: the default suits most runs.",
            values=dict(name=name, value=text[:40]),
        ) from None
