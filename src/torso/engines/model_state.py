"""Saving and restoring the training modes of a model, which running it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from torch import nn


class Modes:
    """Training mode of each module of a model; modules may differ.

    Args:
        model: any module.
    """

    def __init__(self, model: nn.Module) -> None:
        self._training = [(each, each.training) for each in cast("Iterable[nn.Module]", model.modules())]

    def restore(self) -> None:
        """Restore the mode of every module."""
        for module, training in self._training:
            module.training = training
