"""Mixtures of experts over packed rows: each expert computes its own rows, and no others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from torso import blocks
from torso.nn.module import Module


class Router(Module[blocks.Router]):
    """Weights of each row's experts: the softmax over all experts, of which the largest stay."""

    gate: nn.Linear

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Choose the experts of rows x [T, D]: their weights and their numbers, each [T, top]."""
        weights, chosen = self.weights_of(self.gate(x).float())
        if self.of.normalised:
            weights = weights / weights.sum(-1, keepdim=True)
        return (weights * self.of.scale).to(x.dtype), chosen

    def weights_of(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Choose by scores [T, experts]: weights and numbers [T, top]."""
        weights, chosen = scores.softmax(-1).topk(self.of.top, -1)
        return weights, chosen


class Mixture(Module[blocks.Mixture]):
    """Mixture of experts: the weighted sum of a row's experts, and of what all rows share."""

    router: Router
    experts: nn.ModuleList
    shared: nn.Module | None

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        weights, chosen = self.router(x)
        # Rows sorted by expert, so that each expert multiplies one slice; a row's own sum is in the order of its
        # experts, and so the same in any batch.
        places = chosen.flatten().argsort(stable=True)
        counts: list[int] = chosen.flatten().bincount(minlength=len(self.experts)).tolist()
        rows: tuple[Tensor, ...] = x[places // chosen.shape[-1]].split_with_sizes(counts)
        # With gradients experts without rows run too: theirs are zeros and not absent.
        computed = [
            expert(own) for expert, own in zip(self.experts, rows, strict=True) if len(own) or torch.is_grad_enabled()
        ]
        made = torch.cat([x[:0], *computed])[places.argsort()].view(*chosen.shape, x.shape[-1])
        routed = (made * weights[..., None]).sum(-2)
        return routed if self.shared is None else routed + self.shared(x)


class GatedBranch(Module[blocks.GatedBranch]):
    """sigmoid(gate(x)) * branch(x)."""

    gate: nn.Linear
    branch: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.gate(x).sigmoid() * self.branch(x)
