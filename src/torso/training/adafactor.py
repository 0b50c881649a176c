"""Adafactor with a rate given from outside: second moments of matrices kept as sums of rows and columns.

Shazeer and Stern 2018, arXiv:1804.04235, without scaling by the parameter and without a rate of its own: what
``optim="adafactor"`` means in transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

DECAY = -0.8
SQUARE = 1e-30
CLIP = 1.0


class Adafactor(Optimizer):
    """The optimiser. Groups hold ``lr`` and ``weight_decay``.

    Args:
        params: parameters, or groups of them.
        lr: rate of the updates, whose root mean square is at most one.
        weight_decay: share of each parameter taken away in a step, times the rate.
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.0, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take a step along the gradients that are there."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update = self._update(parameter, parameter.grad.float())
                    if group["weight_decay"]:
                        parameter.mul_(1 - group["weight_decay"] * group["lr"])
                    parameter.sub_((group["lr"] * update).to(parameter.dtype))
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor) -> Tensor:
        """The direction: the gradient over the root of its mean square, by rows and columns where it has both."""
        state = self.state[parameter]
        count = state["step"] = state.get("step", torch.zeros(())) + 1
        kept = 1.0 - float(count) ** DECAY
        square = gradient.square() + SQUARE
        if gradient.ndim < 2:
            update = gradient * self._mean(state, "square", square, kept).rsqrt()
        else:
            rows = self._mean(state, "rows", square.mean(-1), kept)
            columns = self._mean(state, "columns", square.mean(-2), kept)
            rows = (rows / rows.mean(-1, keepdim=True)).rsqrt()
            update = gradient * rows[..., None] * columns.rsqrt()[..., None, :]
        size = update.square().mean().sqrt()
        return update / (size / CLIP).clamp(min=1.0)

    @staticmethod
    def _mean(state: dict[str, Any], name: str, value: Tensor, kept: float) -> Tensor:
        before = state.get(name)
        state[name] = value * (1 - kept) if before is None else before.mul_(kept).add_(value, alpha=1 - kept)
        return state[name]
