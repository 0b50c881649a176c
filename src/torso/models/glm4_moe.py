"""GLM-4.5 and 4.6 (https://arxiv.org/abs/2508.06471): DeepSeek-V3's mixtures behind attention with grouped heads."""

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
from torso.models.mixtures import GroupedMixtureConfig, expert_rows, mixture_beside
from torso.weights.names import cat


class Glm4MoeConfig(GroupedMixtureConfig, LlamaConfig):
    """The keys of a GLM-4.5 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "glm4_moe"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "num_local_experts": "n_routed_experts",
        "num_mtp_layers": "num_nextn_predict_layers",
    }

    vocab_size: int = size(151552, "entries of the vocabulary", Axis("embed.tokens", 0))
    intermediate_size: int = option(
        10944, "width inside the feed-forward of a layer without a mixture", acts="shape", least=1
    )
    num_hidden_layers: int = size(46, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(96, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        8, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    head_dim: int | None = option(
        128, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)
    partial_rotary_factor: float = option(0.5, "share of a head's units that turn", acts="run", least=0, most=1)
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    attention_bias: bool = option(False, "whether the projections into attention have a bias", acts="shape")
    mlp_bias: bool = fixed(False, "whether the feed-forward has a bias")
    use_qk_norm: bool = option(False, "whether queries and keys are normed, each head's by itself", acts="shape")
    first_k_dense_replace: int = option(1, "first layers without a mixture", acts="shape", least=0)
    moe_intermediate_size: int = option(1408, "width inside an expert", acts="shape", least=1)
    n_routed_experts: int = option(128, "experts of a layer with a mixture", acts="shape", least=1)
    n_shared_experts: int = option(1, "experts that all tokens share", acts="shape", least=1)
    num_experts_per_tok: int = option(8, "experts of a token", acts="run", least=1)
    n_group: int | None = option(1, "groups of experts", acts="run", least=1)
    topk_group: int | None = option(1, "groups that a token's experts are of", acts="run", least=1)
    norm_topk_prob: bool = option(True, "whether the weights of a token's experts are divided by their sum", acts="run")
    num_nextn_predict_layers: int = option(
        1, "further layers, which predict the token after the next; torso reads none", acts="none", least=0
    )
    bos_token_id: int | None = option(None, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(None, "id of the token that ends a text", acts="none")

    @property
    def biases(self) -> tuple[bool, bool]:
        """As ``attention_bias`` says, and none out of attention."""
        return self.attention_bias, False

    def head_norm(self) -> blocks.RMSNorm | blocks.Identity:
        """Build the norm of each head's queries and keys."""
        return blocks.RMSNorm(self.head_size, self.rms_norm_eps) if self.use_qk_norm else blocks.Identity()

    def rotary(self) -> blocks.Rotary:
        """Build the rotary position embedding of a part of each head."""
        return blocks.Rotary(self.rotary_size, self.rope())

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the mixture of a layer, beside an expert that all tokens share; in the first layers a feed-forward."""
        if layer < self.first_k_dense_replace:
            return super().feed(layer)
        router = blocks.SigmoidRouter(
            self.hidden_size,
            self.experts,
            self.num_experts_per_tok,
            normalised=self.norm_topk_prob,
            scale=self.routed_scaling_factor,
            groups=self.expert_groups,
            kept=self.kept_groups,
        )
        return mixture_beside(router, self.moe_intermediate_size, self.n_shared_experts, self.hidden_act)


FFN, MLP = "layers.{i}.ffn", "layers.{i}.mlp"
TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        **expert_rows(FFN, MLP, "gate_proj", "up_proj", "down_proj"),
        f"{FFN}.router.correction": f"{MLP}.gate.e_score_correction_bias",
        f"{FFN}.shared.gate_up": cat(f"{MLP}.shared_experts", "gate_proj", "up_proj"),
        f"{FFN}.shared.down": f"{MLP}.shared_experts.down_proj",
    },
    multi_token="layers.{i}.eh_proj",
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.CAUSAL_LM)}

register(Architecture(("glm4_moe",), "Glm4Moe", Glm4MoeConfig, trunk, TRUNK, HEADS))
