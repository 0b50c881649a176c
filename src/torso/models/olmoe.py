"""OLMoE (https://arxiv.org/abs/2409.02060): mixtures of experts in Llama's block, norms over all heads together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import Axis, Count, fixed, option, size
from torso.models.decoders import DECODER_HEADS
from torso.models.llama import TRUNK as LLAMA
from torso.models.llama import LlamaConfig, trunk
from torso.models.mixtures import MixtureConfig, expert_rows, make_experts


class OlmoeConfig(MixtureConfig, LlamaConfig):
    """The keys of an OLMoE ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "olmoe"
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "num_local_experts": "num_experts"}

    vocab_size: int = size(50304, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(2048, "width inside an expert", Axis("layers.0.ffn.experts.0.down", 1))
    num_hidden_layers: int = size(16, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "heads that share the width", acts="run", least=1)
    head_dim: int | None = fixed(None, "width of a head; null: hidden_size / num_attention_heads")
    num_experts: int = size(64, "experts of a layer", Axis("layers.0.ffn.router.gate", 0))
    num_experts_per_tok: int = option(8, "experts of a token", acts="run", least=1)
    norm_topk_prob: bool = option(
        False, "whether the weights of a token's experts are divided by their sum", acts="run"
    )
    clip_qkv: float | None = fixed(None, "bound of queries, keys and values; null for none")
    mlp_bias: bool = fixed(False, "whether the feed-forward has a bias")
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    max_position_embeddings: int = option(4096, "longest text the model was made for, in tokens", acts="run", least=1)
    router_aux_loss_coef: float = option(
        0.01, "weight of a loss that evens the load of experts; torso's losses leave it out", acts="none"
    )
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(None, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50279, "id of the token that ends a text", acts="none")

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.num_experts

    def head_norm(self) -> blocks.JointRMSNorm:
        """Build the norm of the queries of all heads together."""
        return blocks.JointRMSNorm(self.hidden_size, self.rms_norm_eps)

    def key_norm(self) -> blocks.JointRMSNorm:
        """Build that of the keys."""
        return blocks.JointRMSNorm(self.groups * self.head_size, self.rms_norm_eps)

    def feed(self, layer: int) -> blocks.Mixture:
        """Build the mixture of a layer."""
        return blocks.Mixture(
            blocks.Router(self.hidden_size, self.experts, self.num_experts_per_tok, normalised=self.norm_topk_prob),
            make_experts(self.experts, self.hidden_size, self.intermediate_size, self.hidden_act),
        )


TRUNK = replace(
    LLAMA,
    rows={
        **{ours: row for ours, row in LLAMA.rows.items() if ".ffn." not in ours},
        **expert_rows("layers.{i}.ffn", "layers.{i}.mlp", "gate_proj", "up_proj", "down_proj"),
    },
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.CAUSAL_LM)}

register(Architecture(("olmoe",), "Olmoe", OlmoeConfig, trunk, TRUNK, HEADS))
