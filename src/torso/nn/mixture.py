"""Mixtures of experts over packed rows: each expert computes its own rows, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from torso import blocks
from torso.nn.module import Module


class Experts(Protocol):
    """Functions of rows [t, D] -> [t, D]."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __iter__(self) -> Iterator[Callable[[Tensor], Tensor]]:
        """Yield each."""
        ...


class Router(Module[blocks.Router]):
    """Weights of each row's experts: the softmax over all experts, of which the largest stay."""

    gate: nn.Linear

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Choose the experts of rows x [T, D]: their weights and their numbers, each [T, top]."""
        scores: Tensor = self.gate(x)
        weights, chosen = self.weights_of(scores.to(torch.promote_types(scores.dtype, torch.float32)))
        if self.of.normalised:
            weights = weights / weights.sum(-1, keepdim=True).clamp(min=self.of.least)
        return (weights * self.of.scale).to(x.dtype), chosen

    def weights_of(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Choose by scores [T, experts]: weights and numbers [T, top]."""
        weights, chosen = scores.softmax(-1).topk(self.of.top, -1)
        return weights, chosen


class CorrectedRouter(Router):
    """A `Router` that chooses with a correction."""

    of: blocks.CorrectedRouter
    correction: nn.Parameter

    def weights_of(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Choose by scores [T, experts]: weights and numbers [T, top]."""
        shares = scores.softmax(-1)
        chosen = (shares + self.correction.to(shares.dtype)).topk(self.of.top, -1).indices
        return shares.gather(-1, chosen), chosen


class GroupedRouter(Router):
    """A `Router` that first chooses groups of experts, those with the best single expert."""

    of: blocks.GroupedRouter

    def weights_of(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Choose by scores [T, experts]: weights and numbers [T, top]."""
        shares = scores.softmax(-1)
        best = self.grouped(shares).amax(-1)
        weights, chosen = shares.masked_fill(self.left_out(best), 0.0).topk(self.of.top, -1)
        return weights, chosen

    def grouped(self, shares: Tensor) -> Tensor:
        """Return shares [T, experts] as [T, groups, experts of a group]: a view."""
        return cast("Tensor", shares.unflatten(-1, (self.of.groups, -1)))

    def left_out(self, groups: Tensor) -> Tensor:
        """Return which experts [T, experts] are in no chosen group, by the scores [T, groups] of groups."""
        kept = torch.zeros_like(groups).scatter(-1, groups.topk(self.of.kept, -1).indices, 1.0)
        return kept.repeat_interleave(self.of.experts // self.of.groups, -1) == 0


class SigmoidRouter(GroupedRouter):
    """Weights of each row's experts: the sigmoids of their scores, chosen with a correction."""

    correction: nn.Parameter

    def weights_of(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Choose by scores [T, experts]: weights and numbers [T, top]."""
        shares = scores.sigmoid()
        corrected = shares + self.correction.to(shares.dtype)
        size = self.of.experts // self.of.groups
        best = self.grouped(corrected).topk(min(2, size), -1).values.sum(-1)
        chosen = corrected.masked_fill(self.left_out(best), -torch.inf).topk(self.of.top, -1).indices
        return shares.gather(-1, chosen), chosen


class ClampedExperts(Module[blocks.ClampedExperts]):
    """Experts of gpt-oss, each matrix of all of them one tensor."""

    gate_up: nn.Parameter
    gate_up_bias: nn.Parameter
    down: nn.Parameter
    down_bias: nn.Parameter

    def __len__(self) -> int:
        """Return how many there are."""
        return self.of.count

    def __iter__(self) -> Iterator[Callable[[Tensor], Tensor]]:
        """Yield each expert as a function of rows [t, D]."""
        return (partial(self.expert, index) for index in range(self.of.count))

    def expert(self, index: int, x: Tensor) -> Tensor:
        """Compute one expert: x [t, D] -> [t, D]."""
        both = F.linear(x, self.gate_up[index].T, self.gate_up_bias[index])
        gate, up = both[..., ::2].clamp(max=self.of.limit), both[..., 1::2].clamp(-self.of.limit, self.of.limit)
        return F.linear((up + 1) * gate * (gate * self.of.slope).sigmoid(), self.down[index].T, self.down_bias[index])


class Mixture(Module[blocks.Mixture]):
    """Mixture of experts: the weighted sum of a row's experts, and of what all rows share."""

    router: Router
    experts: nn.ModuleList
    shared: nn.Module | None

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        routed = _routed(x, self.router(x), self.experts)
        return routed if self.shared is None else routed + self.shared(x)


class StackedMixture(Module[blocks.StackedMixture]):
    """A `Mixture` whose experts are one module."""

    router: Router
    experts: ClampedExperts

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return _routed(x, self.router(x), self.experts)


def _routed(x: Tensor, choice: tuple[Tensor, Tensor], experts: Experts) -> Tensor:
    """Sum what the experts of each row of x [T, D] make of it; ``choice`` is their weights and numbers [T, top]."""
    weights, chosen = choice
    # Rows sorted by expert, so that each expert multiplies one slice; a row's own sum is in the order of its experts,
    # and so the same in any batch.
    places = chosen.flatten().argsort(stable=True)
    counts = cast("list[int]", chosen.flatten().bincount(minlength=len(experts)).tolist())
    rows: tuple[Tensor, ...] = x[places // chosen.shape[-1]].split_with_sizes(counts)
    # With gradients experts without rows run too: theirs are zeros and not absent.
    computed = [expert(own) for expert, own in zip(experts, rows, strict=True) if len(own) or torch.is_grad_enabled()]
    made = torch.cat([x[:0], *computed])[places.argsort()].view(*chosen.shape, x.shape[-1])
    return (made * weights[..., None]).sum(-2)


class GatedBranch(Module[blocks.GatedBranch]):
    """sigmoid(gate(x)) * branch(x)."""

    gate: nn.Linear
    branch: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        """Map x [T, D] to [T, D]."""
        return self.gate(x).sigmoid() * self.branch(x)
