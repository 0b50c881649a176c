"""Mixtures of experts: a router sends each row to some of many feed-forwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from torso.blocks.layers import Linear, ModuleList
from torso.blocks.part import Part, Weight


@dataclass(frozen=True, eq=False)
class Router(Part):
    """Weights of each row's experts: the softmax over all experts, of which the largest stay (arXiv 2101.03961).

    Args:
        width: D.
        experts: how many there are.
        top: experts of a row.
        normalised: whether the weights of a row's experts are divided by their sum.
        bias: whether the scores of experts have a bias; a new one is drawn as their weights are (gpt-oss).
        scale: factor on the weights.
        least: what the sum that they are divided by is raised to.
    """

    width: int
    experts: int
    top: int
    _: KW_ONLY
    normalised: bool = True
    bias: bool = False
    scale: float = 1.0
    least: float = 0.0

    def children(self) -> Mapping[str, Part | None]:
        """Create the scores of experts."""
        return {"gate": Linear(self.width, self.experts, self.bias, initial_bias="normal")}


@dataclass(frozen=True, eq=False)
class CorrectedRouter(Router):
    """A `Router` that chooses with a correction, which evens the load of experts and is no part of their weights."""

    def weights(self) -> Mapping[str, Weight]:
        """Return the correction of each expert [1, E]; training balances it by other means than gradients."""
        return {"correction": Weight((1, self.experts), "zeros", trained=False, exact=True)}


@dataclass(frozen=True, eq=False)
class GroupedRouter(Router):
    """A `Router` that first chooses groups of experts, those with the best single expert (DeepSeek-V2).

    Args:
        groups: groups of neighbouring experts, all of one size.
        kept: groups that a row chooses its experts of.
    """

    groups: int
    kept: int


@dataclass(frozen=True, eq=False)
class SigmoidRouter(GroupedRouter):
    """Weights of each row's experts: the sigmoids of their scores, chosen with a correction (arXiv 2412.19437).

    The correction evens the load of experts: it decides which are chosen and is no part of their weights. Groups are
    chosen by the sum of their two best experts.
    """

    def weights(self) -> Mapping[str, Weight]:
        """Return the correction of each expert; training balances it by other means than gradients."""
        return {"correction": Weight((self.experts,), "zeros", trained=False, exact=True)}


@dataclass(frozen=True, eq=False)
class ClampedExperts(Part):
    """Experts of gpt-oss, each matrix of all of them one tensor: down((clamp(up) + 1) * gate * sigmoid(a gate)).

    The columns of gate and up take turns.

    Args:
        count: how many there are.
        width: D.
        inner: F.
        slope: a.
        limit: bound of gate above, and of up on both sides.
    """

    count: int
    width: int
    inner: int
    slope: float
    limit: float

    def weights(self) -> Mapping[str, Weight]:
        """Return matrices [E, in, out] and biases [E, out]."""
        both = 2 * self.inner
        return {
            "gate_up": Weight((self.count, self.width, both)),
            "gate_up_bias": Weight((self.count, both), "zeros"),
            "down": Weight((self.count, self.inner, self.width)),
            "down_bias": Weight((self.count, self.width), "zeros"),
        }


@dataclass(frozen=True, eq=False)
class StackedMixture(Part):
    """A `Mixture` whose experts are one part.

    Args:
        router: chooses the experts of a row, and their weights.
        experts: all of them.
    """

    router: Router
    experts: ClampedExperts

    def children(self) -> Mapping[str, Part | None]:
        """List router and experts."""
        return {"router": self.router, "experts": self.experts}


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
