"""The state of a model that running or optimising it changes, remembered and put back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from torch import nn


class Modes:
    """Which modules of a model are in training mode; a person may have put some of them in another than the rest.

    Args:
        model: any module; its parts are remembered.
    """

    def __init__(self, model: nn.Module) -> None:
        self._training = [(each, each.training) for each in cast("Iterable[nn.Module]", model.modules())]

    def restore(self) -> None:
        """Puts every module back into the mode that it was in."""
        for module, training in self._training:
            module.training = training


class State:
    """Modes, dtypes, gradients and what learns of a model, without a copy of any tensor.

    Numbers are put back to the bit: what a change of dtype replaced is held until this object is forgotten.

    Args:
        model: any module.
    """

    def __init__(self, model: nn.Module) -> None:
        self._modes = Modes(model)
        self._parameters = [
            (each, each.data, each.requires_grad, each.grad, None if each.grad is None else each.grad.data)
            for each in model.parameters()
        ]
        self._buffers = [
            (module, name, buffer)
            for module in cast("Iterable[nn.Module]", model.modules())
            for name, buffer in module.named_buffers(recurse=False, remove_duplicate=False)
        ]

    def restore(self) -> None:
        """Puts all of it back; the modules must be those that it was made of."""
        self._modes.restore()
        for parameter, data, learns, gradient, numbers in self._parameters:
            parameter.grad = None
            parameter.data = data
            parameter.requires_grad = learns
            if gradient is not None and numbers is not None:
                gradient.data = numbers
                parameter.grad = gradient
        for module, name, buffer in self._buffers:
            setattr(module, name, buffer)
