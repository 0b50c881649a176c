"""Mixtures of experts: a router sends each row to some of many feed-forwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Linear, ModuleList
from torso.blocks.part import Part


@dataclass(frozen=True, eq=False)
class Router(Part):
    """Weights of each row's experts: the softmax over all experts, of which the largest stay (arXiv 2101.03961).

    Args:
        width: D.
        experts: how many there are.
        top: experts of a row.
        normalised: whether the weights of a row's experts are divided by their sum.
        bias: whether the scores of experts have a bias.
        scale: factor on the weights.
    """

    width: int
    experts: int
    top: int
    _: KW_ONLY
    normalised: bool = True
    bias: bool = False
    scale: float = 1.0

    def children(self) -> Mapping[str, Part | None]:
        """Create the scores of experts."""
        return {"gate": Linear(self.width, self.experts, self.bias)}


@dataclass(frozen=True, eq=False)
class Mixture(Part):
    """Mixture of experts: the weighted sum of a row's experts, and of what all rows share: x [T, D] -> [T, D].

    Args:
        router: chooses the experts of a row, and their weights.
        experts: feed-forwards.
        shared: a branch that every row takes beside them; None for none.
    """

    router: Router
    experts: Sequence[Part]
    _: KW_ONLY
    shared: Part | None = None

    def children(self) -> Mapping[str, Part | None]:
        """List router, experts and the shared branch."""
        return {"router": self.router, "experts": ModuleList(self.experts), "shared": self.shared}


@dataclass(frozen=True, eq=False)
class GatedBranch(Part):
    """sigmoid(gate(x)) * branch(x), with one gate for all units of a row (Qwen2-MoE).

    Args:
        width: D.
        branch: a feed-forward.
    """

    width: int
    branch: Part

    def children(self) -> Mapping[str, Part | None]:
        """Create the gate."""
        return {"gate": Linear(self.width, 1, bias=False), "branch": self.branch}
