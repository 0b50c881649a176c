"""What decoders with mixtures of experts have in common: their keys, and the names of their experts."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.config.fields import fixed, option
from torso.config.hub_config import HubConfig, check_divides
from torso.errors import ConfigError
from torso.weights.names import Row, cat


class ExpertsConfig(HubConfig):
    """The keys of a router, under whatever name it states the experts of a token."""

    output_router_logits: bool = fixed(False, "whether outputs hold the routers' scores")
    router_aux_loss_coef: float = option(
        0.001, "weight of a loss that evens the load of experts; torso's losses leave it out", acts="none"
    )
    stating: ClassVar[str] = "num_experts_per_tok"

    @property
    def experts(self) -> int:
        """Number of experts."""
        raise NotImplementedError

    def check(self) -> None:
        """Check that a token has no more experts than there are."""
        top: int = getattr(self, self.stating)
        if top > self.experts:
            raise ConfigError(
                "E_CONFIG",
                "A token has {top} experts ({name}) of {experts}.",
                cure="Give {name} as in the original config.json.",
                values=dict(top=top, name=self.stating, experts=self.experts),
            )
        super().check()


class MixtureConfig(ExpertsConfig):
    """The keys of a router."""

    num_experts_per_tok: int = option(2, "experts of a token", acts="run", least=1)


class GroupedMixtureConfig(MixtureConfig):
    """The keys of DeepSeek's mixtures: experts in groups, some that all tokens share, first layers without any."""

    first_k_dense_replace: int = option(0, "first layers without a mixture", acts="shape", least=0)
    moe_intermediate_size: int = option(1407, "width inside an expert", acts="shape", least=1)
    n_routed_experts: int = option(64, "experts of a layer with a mixture", acts="shape", least=1)
    n_shared_experts: int = option(2, "experts that all tokens share", acts="shape", least=1)
    n_group: int | None = option(None, "groups of experts", acts="run", least=1)
    topk_group: int | None = option(None, "groups that a token's experts are of", acts="run", least=1)
    routed_scaling_factor: float = option(1.0, "factor on the weights of a token's experts", acts="run", least=1e-6)

    def check(self) -> None:
        """Check that groups share the experts evenly, and that those which are kept are among them."""
        check_divides(self.n_routed_experts, "n_routed_experts", self.expert_groups, "n_group")
        kept = self.kept_groups * (self.n_routed_experts // self.expert_groups)
        if not self.num_experts_per_tok <= kept <= self.n_routed_experts:
            raise ConfigError(
                "E_CONFIG",
                "A token has {top} experts (num_experts_per_tok) of {kept} in {groups} groups (topk_group).",
                cure="Give n_group and topk_group as in the original config.json.",
                values=dict(top=self.num_experts_per_tok, kept=kept, groups=self.kept_groups),
            )
        super().check()

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.n_routed_experts

    @property
    def expert_groups(self) -> int:
        """Groups of experts."""
        return self.n_group or 1

    @property
    def kept_groups(self) -> int:
        """Groups that a token's experts are of."""
        return self.topk_group or 1


def mixture_beside(router: blocks.Router, inner: int, shared: int, act: str, *, bias: bool = False) -> blocks.Mixture:
    """Build a mixture beside experts that all tokens share.

    Args:
        router: of the mixture.
        inner: width inside an expert.
        shared: how many experts are shared: as one feed-forward that is as many times as wide; 0 for none.
        act: activation of all.
        bias: whether the shared ones have biases.
    """
    width = router.width
    beside = blocks.GatedFeedForward(width, inner * shared, act, bias=bias) if shared else None
    return blocks.Mixture(router, make_experts(router.experts, width, inner, act), shared=beside)


def make_experts(count: int, width: int, inner: int, act: str) -> list[blocks.GatedFeedForward]:
    """Build some experts of one size, without biases."""
    make = partial(blocks.GatedFeedForward, width, inner, act, bias=False)
    return [make() for _ in range(count)]


def expert_rows(ours: str, theirs: str, gate: str, up: str, down: str) -> dict[str, str | Row]:
    """Return the rows of a mixture's router and experts.

    Args:
        ours: name of the mixture here.
        theirs: its name on the Hub.
        gate: name of an expert's gate there.
        up: name of what it lets through.
        down: name of its last projection.
    """
    return {
        f"{ours}.router.gate": f"{theirs}.gate",
        f"{ours}.experts.{{j}}.gate_up": cat(f"{theirs}.experts.{{j}}", gate, up),
        f"{ours}.experts.{{j}}.down": f"{theirs}.experts.{{j}}.{down}",
    }
