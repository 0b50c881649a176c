"""How large a model is and how much it computes, from its config alone. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torso.architecture import Architecture, Task
from torso.blocks.flops import flops
from torso.blocks.part import parameter_count
from torso.config.hub_config import HubConfig

TOKENS = 128
"""Length of the text that operations are counted for where nothing else is asked."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Size of a model, weights and work.

    Attributes:
        task: name of its task, whose head is counted.
        parameters: values of all weights, those that are shared once; times the size of a dtype, their bytes.
        tokens: length of the text.
        flops: floating-point operations of that text, see `torso.blocks.flops.flops`; of an encoder-decoder, of a
            source and a target of that length.
    """

    task: str
    parameters: int
    tokens: int
    flops: int


def model_size(architecture: Architecture[Any], config: HubConfig, tokens: int | None = None) -> ModelSize:
    """Return the size of a model with the head that its config names, or without a head where it names none.

    Args:
        architecture: its family.
        config: its config.
        tokens: length of the text; None for `TOKENS`, or the longest text of a model that takes fewer.
    """
    limit = config.max_tokens
    length = tokens if tokens is not None else TOKENS if limit is None else min(TOKENS, limit)
    task = stated_task(architecture, config)
    whole = architecture.describe(config, task)
    return ModelSize(task.name, parameter_count(whole), length, flops(whole, length))


def stated_task(architecture: Architecture[Any], config: HubConfig) -> Task[Any]:
    """Return the task of the class that a config names; features where it names none of its family's."""
    return next(iter(architecture.named_tasks(config.architectures or ())), Task.FEATURES)
