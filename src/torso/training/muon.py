"""Muon for the matrices of the blocks, AdamW for everything else, as one optimiser.

Jordan and others 2024, https://kellerjordan.github.io/posts/muon/; both halves are PyTorch's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.optim import AdamW, Optimizer


class Muon(Optimizer):
    """The optimiser. Groups hold ``lr``, ``weight_decay`` and ``matrix``: whether Muon takes them.

    Args:
        groups: groups of parameters; those of Muon hold matrices alone.
        betas: AdamW's decay rates of the two moments.
        eps: AdamW's term in the denominator.
    """

    def __init__(self, groups: Sequence[dict[str, Any]], *, betas: tuple[float, float], eps: float) -> None:
        super().__init__(groups, {"lr": 0.0})
        matrices = [each for each in self.param_groups if each["matrix"]]
        others = [each for each in self.param_groups if not each["matrix"]]
        self._halves: list[Optimizer] = []
        if matrices:
            self._halves.append(torch.optim.Muon(matrices, lr=0.0))
        if others:
            self._halves.append(AdamW(others, lr=0.0, betas=betas, eps=eps, fused=True))
        # The halves read their groups and states from here, where rates are set and checkpoints are taken.
        self.param_groups = [group for half in self._halves for group in half.param_groups]
        for half in self._halves:
            half.state = self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take a step along the gradients that are there."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for half in self._halves:
            half.step()
        return loss
