"""DeepSeek-V2 (https://arxiv.org/abs/2405.04434) and V3 (https://arxiv.org/abs/2412.19437): latent attention."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, Count, fixed, option, size
from torso.models.decoders import DECODER_HEADS, RotaryDecoderConfig
from torso.models.llama import TRUNK as LLAMA
from torso.models.mixtures import GroupedMixtureConfig, expert_rows, mixture_beside
from torso.weights.names import cat

FEED = Axis("layers.0.ffn.down", 1)


class DeepseekV2Config(GroupedMixtureConfig, RotaryDecoderConfig):
    """The keys of a DeepSeek-V2 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "deepseek_v2"
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "num_experts": "n_routed_experts"}

    vocab_size: int = size(102400, "entries of the vocabulary", Axis("embed.tokens", 0))
    num_hidden_layers: int = size(32, "blocks of the trunk", Count("layers"))
    intermediate_size: int = option(
        11008, "width inside the feed-forward of a layer without a mixture", acts="shape", least=1
    )
    head_dim: int | None = option(None, "repeats qk_rope_head_dim", acts="none")
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections to latent rows have a bias", acts="shape")
    mlp_bias: bool = option(False, "whether the feed-forward has a bias", acts="shape")
    q_lora_rank: int | None = option(
        1536,
        "width of the row that queries are projected of; null: of the hidden state",
        acts="shape",
        least=1,
    )
    kv_lora_rank: int = option(512, "width of the row that keys and values are projected of", acts="shape", least=1)
    qk_nope_head_dim: int = option(128, "units of a head's queries and keys without positions", acts="shape", least=1)
    qk_rope_head_dim: int = option(64, "units of a head's queries and keys that turn", acts="shape", least=2)
    v_head_dim: int = option(128, "units of a head's values", acts="shape", least=1)
    num_experts_per_tok: int = option(6, "experts of a token", acts="run", least=1)
    topk_method: str = option(
        "greedy", "how experts are chosen", acts="run", choices=("greedy", "group_limited_greedy")
    )
    norm_topk_prob: bool = fixed(False, "whether the weights of a token's experts are divided by their sum")

    @property
    def expert_groups(self) -> int:
        """Groups of experts."""
        return (self.n_group or 1) if self.topk_method != "greedy" else 1

    @property
    def kept_groups(self) -> int:
        """Groups that a token's experts are of."""
        return (self.topk_group or 1) if self.topk_method != "greedy" else 1

    @property
    def states_head_size(self) -> bool:
        """The heads need not share the width."""
        return True

    @property
    def head_size(self) -> int:
        """Units of a head that turn."""
        return self.qk_rope_head_dim

    @property
    def scale(self) -> float:
        """Factor on the scores, with the square of what YaRN makes of ``mscale_all_dim``."""
        table, scale = self.rope(), (self.qk_nope_head_dim + self.qk_rope_head_dim) ** -0.5
        grown, stretch = table.get("mscale_all_dim"), table.get("factor", 1.0)
        if table["rope_type"] == "default" or not grown or stretch <= 1:
            return scale
        return scale * (0.1 * grown * math.log(stretch) + 1.0) ** 2

    @property
    def rotary(self) -> type[blocks.Rotary]:
        """Which units turn together: neighbours."""
        return blocks.PairedRotary

    def router(self) -> blocks.Router:
        """Build the router of a mixture."""
        make = partial(
            blocks.GroupedRouter if self.expert_groups > 1 else blocks.Router,
            self.hidden_size,
            self.experts,
            self.num_experts_per_tok,
            normalised=False,
            scale=self.routed_scaling_factor,
        )
        return make(groups=self.expert_groups, kept=self.kept_groups) if self.expert_groups > 1 else make()

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the mixture of a layer, beside experts that all tokens share; in the first layers a feed-forward."""
        act, bias = self.hidden_act, self.mlp_bias
        if layer < self.first_k_dense_replace:
            return blocks.GatedFeedForward(self.hidden_size, self.intermediate_size, act, bias=bias)
        return mixture_beside(self.router(), self.moe_intermediate_size, self.n_shared_experts, act, bias=bias)


class DeepseekV3Config(DeepseekV2Config):
    """The keys of a DeepSeek-V3 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "deepseek_v3"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "num_local_experts": "n_routed_experts",
        "num_mtp_layers": "num_nextn_predict_layers",
    }

    vocab_size: int = size(129280, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(7168, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(61, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(128, "heads that share the width", acts="run", least=1)
    intermediate_size: int = option(
        18432, "width inside the feed-forward of a layer without a mixture", acts="shape", least=1
    )
    max_position_embeddings: int = option(4096, "longest text the model was made for, in tokens", acts="run", least=1)
    mlp_bias: bool = fixed(False, "whether the feed-forward has a bias")
    first_k_dense_replace: int = option(3, "first layers without a mixture", acts="shape", least=0)
    moe_intermediate_size: int = option(2048, "width inside an expert", acts="shape", least=1)
    n_routed_experts: int = option(256, "experts of a layer with a mixture", acts="shape", least=1)
    n_shared_experts: int = option(1, "experts that all tokens share", acts="shape", least=1)
    num_experts_per_tok: int = option(8, "experts of a token", acts="run", least=1)
    topk_method: str = fixed("noaux_tc", "how experts are chosen")
    n_group: int | None = option(8, "groups of experts", acts="run", least=1)
    topk_group: int | None = option(4, "groups that a token's experts are of", acts="run", least=1)
    routed_scaling_factor: float = option(2.5, "factor on the weights of a token's experts", acts="run", least=1e-6)
    norm_topk_prob: bool = option(True, "whether the weights of a token's experts are divided by their sum", acts="run")
    rope_interleave: bool = option(True, "whether neighbouring units turn together, or two halves", acts="run")
    num_nextn_predict_layers: int = option(
        1, "further layers, which predict the token after the next; torso reads none", acts="none", least=0
    )
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(1, "id of the token that ends a text", acts="none")

    @property
    def rotary(self) -> type[blocks.Rotary]:
        """Which units turn together."""
        return blocks.PairedRotary if self.rope_interleave else blocks.Rotary

    def router(self) -> blocks.Router:
        """Build the router of a mixture."""
        return blocks.SigmoidRouter(
            self.hidden_size,
            self.experts,
            self.num_experts_per_tok,
            normalised=self.norm_topk_prob,
            scale=self.routed_scaling_factor,
            groups=self.expert_groups,
            kept=self.kept_groups,
        )


def trunk(c: DeepseekV2Config) -> blocks.Trunk:
    """Build token embeddings, then blocks with latent attention."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = c.rotary(c.qk_rope_head_dim, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.PreNormBlock(
                blocks.LatentAttention(
                    c.hidden_size,
                    c.num_attention_heads,
                    rotary,
                    size=c.qk_nope_head_dim,
                    rotary_size=c.qk_rope_head_dim,
                    value_size=c.v_head_dim,
                    key_rank=c.kv_lora_rank,
                    query_rank=c.q_lora_rank,
                    bias=c.attention_bias,
                    rule=blocks.Rule.causal(scale=c.scale, dropout=c.attention_dropout),
                ),
                c.feed(layer),
                norm(),
                norm(),
            )
            for layer in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


FFN, MLP, ATTN, THEIRS = "layers.{i}.ffn", "layers.{i}.mlp", "layers.{i}.attn", "layers.{i}.self_attn"
TRUNK = replace(
    LLAMA,
    rows={
        **{ours: row for ours, row in LLAMA.rows.items() if ".attn." not in ours},
        f"{ATTN}.q": f"{THEIRS}.q_proj",
        f"{ATTN}.q.0": f"{THEIRS}.q_a_proj",
        f"{ATTN}.q.1": f"{THEIRS}.q_a_layernorm",
        f"{ATTN}.q.2": f"{THEIRS}.q_b_proj",
        f"{ATTN}.kv_down": f"{THEIRS}.kv_a_proj_with_mqa",
        f"{ATTN}.kv_norm": f"{THEIRS}.kv_a_layernorm",
        f"{ATTN}.kv": f"{THEIRS}.kv_b_proj",
        f"{ATTN}.out": f"{THEIRS}.o_proj",
        **expert_rows(FFN, MLP, "gate_proj", "up_proj", "down_proj"),
        f"{FFN}.router.correction": f"{MLP}.gate.e_score_correction_bias",
        f"{FFN}.shared.gate_up": cat(f"{MLP}.shared_experts", "gate_proj", "up_proj"),
        f"{FFN}.shared.down": f"{MLP}.shared_experts.down_proj",
    },
    multi_token="layers.{i}.eh_proj",
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.CAUSAL_LM, Task.SEQUENCE_CLASSIFICATION)
}
WITH_TOKENS = {**HEADS, Task.TOKEN_CLASSIFICATION: DECODER_HEADS[Task.TOKEN_CLASSIFICATION]}

register(Architecture(("deepseek_v2",), "DeepseekV2", DeepseekV2Config, trunk, TRUNK, HEADS))
register(Architecture(("deepseek_v3",), "DeepseekV3", DeepseekV3Config, trunk, TRUNK, WITH_TOKENS))
