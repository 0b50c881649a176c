"""Mixtral (https://arxiv.org/abs/2401.04088): Mistral's block with a mixture of experts as its feed-forward."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, fixed, option, size
from torso.models.decoders import DECODER_HEADS
from torso.models.llama import TRUNK as LLAMA
from torso.models.llama import MistralConfig, trunk
from torso.models.mixtures import MixtureConfig, expert_rows, make_experts


class MixtralConfig(MixtureConfig, MistralConfig):
    """The keys of a Mixtral ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "mixtral"

    intermediate_size: int = size(14336, "width inside an expert", Axis("layers.0.ffn.experts.0.down", 1))
    num_local_experts: int = size(8, "experts of a layer", Axis("layers.0.ffn.router.gate", 0))
    router_jitter_noise: float = fixed(0.0, "spread of noise on what routers and experts read, in training")
    sliding_window: int | None = option(
        None, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    rope_theta: float = option(1000000.0, "base of the rotary angles", acts="run", least=1)
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.num_local_experts

    def feed(self, layer: int) -> blocks.Mixture:
        """Build the mixture of a layer."""
        return blocks.Mixture(
            blocks.Router(self.hidden_size, self.experts, self.num_experts_per_tok),
            make_experts(self.experts, self.hidden_size, self.intermediate_size, self.hidden_act),
        )


TRUNK = replace(
    LLAMA,
    rows={
        **{ours: row for ours, row in LLAMA.rows.items() if ".ffn." not in ours},
        **expert_rows("layers.{i}.ffn", "layers.{i}.block_sparse_moe", "w1", "w3", "w2"),
    },
)

register(Architecture(("mixtral",), "Mixtral", MixtralConfig, trunk, TRUNK, DECODER_HEADS))
