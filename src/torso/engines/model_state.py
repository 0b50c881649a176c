"""Saving and restoring the state of a model that running or optimising it changes."""

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


class State:
    """Modes, dtypes, gradients and ``requires_grad`` of a model, without copying any tensor.

    Values are restored to the bit: tensors that a change of dtype replaced are held until this object is deleted.

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
        """Restore all of it; the modules must be the same ones."""
        self._modes.restore()
        for parameter, data, requires_grad, gradient, numbers in self._parameters:
            parameter.grad = None
            parameter.data = data
            parameter.requires_grad = requires_grad
            if gradient is not None and numbers is not None:
                gradient.data = numbers
                parameter.grad = gradient
        for module, name, buffer in self._buffers:
            setattr(module, name, buffer)
