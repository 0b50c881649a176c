"""What torso has: its families, with their heads and what each refuses. Loads without torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torso.architecture import Architecture, architectures
from torso.config.fields import field_info
from torso.kernels.families import FAMILIES


@dataclass(frozen=True, slots=True)
class FamilyCard:
    """One family of models.

    Attributes:
        family: what the Hub's class names begin with.
        model_types: the ``model_type`` of its config files.
        tasks: what its heads do, by the words of the command line.
        lines: lines of code in its own file, without blank lines and comments.
        kernels: whether the compiled kernels run its encoder; PyTorch runs the others.
        refuses: parameters of which one value is implemented, with that value: any other is refused by name.
    """

    family: str
    model_types: tuple[str, ...]
    tasks: tuple[str, ...]
    lines: int
    kernels: bool
    refuses: dict[str, Any]


def catalogue() -> tuple[FamilyCard, ...]:
    """Every registered family, in alphabetical order."""
    cards = [_card(each) for each in architectures()]
    return tuple(sorted(cards, key=lambda card: card.family.lower()))


def _card(architecture: Architecture[Any]) -> FamilyCard:
    refuses = {
        declared.name: about.fixed[0]
        for declared in architecture.config.declared()
        if (about := field_info(declared)).fixed is not None
    }
    source = Path(sys.modules[architecture.config.__module__].__file__ or "")
    return FamilyCard(
        architecture.family,
        architecture.model_types,
        tuple(task.name for task in architecture.tasks),
        _lines(source.read_text(encoding="utf-8").splitlines()),
        architecture.family in FAMILIES,
        refuses,
    )


def _lines(source: Sequence[str]) -> int:
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source)
