"""Catalogue of the model families, with their heads and unsupported config values. Loads without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torso import blocks
from torso.architecture import Architecture, Task, architectures
from torso.config.fields import field_info
from torso.inspection.model_size import ModelSize, model_size
from torso.kernels.decoder_support import decoder_in, unsupported_decoder
from torso.kernels.support import encoder_in, unsupported_trunk


@dataclass(frozen=True, slots=True)
class FamilyCard:
    """One family of models.

    Attributes:
        family: prefix of the Hub's class names.
        model_types: the ``model_type`` of its config files.
        tasks: its tasks, by their names on the command line.
        kernels: whether the compiled kernels run its encoder, or write with its decoder; PyTorch runs the others.
        size: of a model whose config is all defaults.
        refuses: parameters of which one value is implemented, with that value: any other is refused by name.
    """

    family: str
    model_types: tuple[str, ...]
    tasks: tuple[str, ...]
    kernels: bool
    size: ModelSize
    refuses: dict[str, Any]


def catalogue() -> tuple[FamilyCard, ...]:
    """Return every registered family, in alphabetical order."""
    cards = [_card(each) for each in architectures()]
    return tuple(sorted(cards, key=lambda card: card.family.lower()))


def _card(architecture: Architecture[Any]) -> FamilyCard:
    refuses = {
        declared.name: about.fixed[0]
        for declared in architecture.config.declared()
        if (about := field_info(declared)).fixed is not None
    }
    return FamilyCard(
        architecture.family,
        architecture.model_types,
        tuple(task.name for task in architecture.tasks),
        runs_natively(architecture),
        model_size(architecture, architecture.config()),
        refuses,
    )


def runs_natively(architecture: Architecture[Any]) -> bool:
    """Return whether the kernels run the encoder and the decoder that a family's config by its defaults has."""
    config = architecture.config()
    trunk = architecture.trunk(config)
    if architecture.decodes and decoder_in(trunk) is not None:
        task = Task.SEQ2SEQ_LM if isinstance(trunk, blocks.EncoderDecoder) else Task.CAUSAL_LM
        if unsupported_decoder(architecture.describe(config, task)) is not None:
            return False
        if task is Task.CAUSAL_LM:
            return True
    return unsupported_trunk(encoder_in(trunk)) is None
