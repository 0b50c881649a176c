"""What learns and how fast: freezing, layer-wise decay, the rate of the head, weight decay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from torso.errors import InputError
from torso.loading.save import hub_name
from torso.model import Model
from torso.training.adafactor import Adafactor
from torso.training.muon import Muon
from torso.training.train_settings import TrainSettings

_RANGE = re.compile(r"(?P<stem>.*\.)?(?P<first>\d+)-(?P<last>\d+)")
MATRIX_FACTOR = 10.0  # Muon's rate over AdamW's: its updates have a norm of their own
_LAYER = re.compile(r"\.layers\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters with one rate and one weight decay.

    Attributes:
        names: of the parameters, in the model's order.
        scale: peak rate, as a factor on the run's.
        weight_decay: share of a parameter taken away in a step, times the rate.
        matrix: whether they are matrices that Muon takes.
    """

    names: tuple[str, ...]
    scale: float
    weight_decay: float
    matrix: bool = False


def freeze(model: Model[Any], patterns: Sequence[str]) -> list[str]:
    """Stop modules from learning; return the names of the parameters that were learning and no longer are.

    Args:
        model: changed in place, through ``requires_grad``.
        patterns: parts of names between dots, torso's or the Hub's: ``embed``, ``layers.0-5``, ``bert.pooler``.

    Raises:
        InputError: ``E_FREEZE``, for a pattern that no parameter matches, or where nothing is left to learn.
    """
    frozen: list[str] = []
    parameters = dict(model.named_parameters())
    for pattern in patterns:
        wanted = _expanded(pattern)
        matched = [name for name in parameters if any(_matches(model, name, each) for each in wanted)]
        if not matched:
            raise InputError(
                "E_FREEZE",
                "No parameter of this model matches freeze={pattern!r}.",
                cure="Name a module of it, such as: {some}.",
                values=dict(pattern=pattern, some=", ".join(_modules(parameters))),
            )
        for name in matched:
            if parameters[name].requires_grad:
                parameters[name].requires_grad_(False)
                frozen.append(name)
    if not any(each.requires_grad for each in parameters.values()):
        raise InputError(
            "E_FREEZE",
            "Every parameter is frozen: nothing is left to learn.",
            cure="Leave some of freeze out.",
        )
    return frozen


def _expanded(pattern: str) -> list[str]:
    found = _RANGE.fullmatch(pattern)
    if found is None:
        return [pattern]
    return [f"{found['stem'] or ''}{number}" for number in range(int(found["first"]), int(found["last"]) + 1)]


def _matches(model: Model[Any], name: str, pattern: str) -> bool:
    names = [name]
    if _is_own(model, name):
        names += hub_name(model, name)
    return any(f".{pattern}." in f".{each}." for each in names)


def _is_own(model: Model[Any], name: str) -> bool:
    """Return whether a parameter has a name in the Hub's files; those of adapters have none there."""
    try:
        hub_name(model, name)
    except (KeyError, ValueError):
        return False
    return True


def _modules(parameters: dict[str, nn.Parameter]) -> list[str]:
    parts = [name.split(".")[1] for name in parameters]
    return list(dict.fromkeys([*parts, "head"]))[:6]


def learning(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that learn, by name."""
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


def parameter_groups(model: nn.Module, settings: TrainSettings, rate: float) -> list[Group]:
    """Divide the parameters that learn into groups of one rate and weight decay.

    Matrices decay; biases, norms and position biases do not, as in transformers. The block i of L learns at
    ``rate * layer_decay ** (L - i)``, the embeddings below them at one factor less, the head at ``head_rate``. Under
    Muon the matrices of the blocks learn at ``matrix_rate`` in place of ``rate``.

    Args:
        model: of which all parameters with ``requires_grad`` learn.
        settings: of the run.
        rate: peak rate of the run, above 0.
    """
    blocks = [int(found[1]) for name, _ in model.named_parameters() if (found := _LAYER.search(name))]
    depth = max(blocks, default=-1) + 1
    muon = settings.optimiser == "muon"
    faster = MATRIX_FACTOR if settings.matrix_rate is None else settings.matrix_rate / rate
    table: dict[tuple[float, float, bool], list[str]] = {}
    for name, parameter in learning(model).items():
        decays = parameter.ndim >= 2 and "bias" not in name
        matrix = muon and decays and parameter.ndim == 2 and _LAYER.search(name) is not None
        scale = _scale(name, depth, settings, rate) * (faster if matrix else 1.0)
        table.setdefault((scale, settings.weight_decay if decays else 0.0, matrix), []).append(name)
    return [Group(tuple(names), scale, decay, matrix) for (scale, decay, matrix), names in table.items()]


def _scale(name: str, depth: int, settings: TrainSettings, rate: float) -> float:
    if name.startswith("head."):
        return 1.0 if settings.head_rate is None else settings.head_rate / rate
    found = _LAYER.search(name)
    above = depth - int(found[1]) if found else 0 if ".norm." in name else depth + 1
    return settings.layer_decay**above


def optimiser_of(model: nn.Module, groups: Sequence[Group], settings: TrainSettings) -> torch.optim.Optimizer:
    """Return the optimiser of the settings over the groups."""
    if settings.optimiser == "muon":
        return Muon(_groups(model, groups), betas=settings.betas, eps=settings.epsilon)
    return adamw(model, groups, settings)


def adamw(model: nn.Module, groups: Sequence[Group], settings: TrainSettings) -> torch.optim.AdamW:
    """Return AdamW over the groups; each holds its ``scale``, from which a step computes its rate."""
    return torch.optim.AdamW(
        _groups(model, groups),
        lr=0.0,
        betas=settings.betas,
        eps=settings.epsilon,
        fused=True,
    )


def adafactor(model: nn.Module, groups: Sequence[Group], settings: TrainSettings) -> Adafactor:
    """Return Adafactor over the groups, as `adamw`; of the settings only their weight decay acts."""
    return Adafactor(_groups(model, groups))


def _groups(model: nn.Module, groups: Sequence[Group]) -> list[dict[str, Any]]:
    parameters = dict(model.named_parameters())
    return [
        {
            "params": [parameters[name] for name in group.names],
            "scale": group.scale,
            "weight_decay": group.weight_decay,
            "matrix": group.matrix,
        }
        for group in groups
    ]
