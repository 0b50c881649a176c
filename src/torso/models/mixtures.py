"""What decoders with mixtures of experts have in common: their keys, and the names of their experts."""

from __future__ import annotations

from functools import partial

from torso import blocks
from torso.config.fields import fixed, option
from torso.config.hub_config import HubConfig
from torso.errors import ConfigError
from torso.weights.names import Row, cat


class MixtureConfig(HubConfig):
    """The keys of a router."""

    num_experts_per_tok: int = option(2, "experts of a token", acts="run", least=1)
    output_router_logits: bool = fixed(False, "whether outputs hold the routers' scores")
    router_aux_loss_coef: float = option(
        0.001, "weight of a loss that evens the load of experts; torso's losses leave it out", acts="none"
    )

    @property
    def experts(self) -> int:
        """Number of experts."""
        raise NotImplementedError

    def check(self) -> None:
        """Check that a token has no more experts than there are."""
        if self.num_experts_per_tok > self.experts:
            raise ConfigError(
                "E_CONFIG",
                "A token has {top} experts (num_experts_per_tok) of {experts}.",
                cure="Give num_experts_per_tok as in the original config.json.",
                values=dict(top=self.num_experts_per_tok, experts=self.experts),
            )
        super().check()


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
