"""gpt-oss (https://arxiv.org/abs/2508.10925): attention sinks, windows in every other layer, clamped experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.config_file import ALIASES
from torso.config.fields import Axis, Count, fixed, option, size
from torso.models.decoders import FULL, SLIDING, SPANLESS_HEADS, RotaryDecoderConfig, check_kinds
from torso.models.llama import TRUNK as LLAMA
from torso.models.mixtures import MixtureConfig

STRETCH: Mapping[str, Any] = {
    "rope_type": "yarn",
    "factor": 32.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "truncate": False,
    "original_max_position_embeddings": 4096,
}
"""How positions are stretched where the file does not say."""


class GptOssConfig(MixtureConfig, RotaryDecoderConfig):
    """The keys of a gpt-oss ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gpt_oss"
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "num_experts": "num_local_experts"}

    vocab_size: int = size(201088, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2880, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = option(2880, "width inside an expert", acts="shape", least=1)
    num_hidden_layers: int = size(36, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(64, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        8, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    head_dim: int | None = option(64, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2)
    num_local_experts: int = size(128, "experts of a layer", Axis("layers.0.ffn.router.gate", 0))
    num_experts_per_tok: int = option(4, "experts of a token", acts="run", least=1)
    swiglu_alpha: float = option(1.702, "slope of the gates of experts", acts="run", least=1e-6)
    swiglu_limit: float = option(7.0, "bound of what experts gate, and of their gates", acts="run", least=1e-6)
    hidden_act: str = fixed("silu", "activation of the experts")
    attention_bias: bool = option(True, "whether the projections of attention have a bias", acts="shape")
    sliding_window: int | None = option(
        128, "tokens that a token sees in layers with a window, itself included; null for all", acts="run", least=1
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: every other one", acts="run")
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    rope_theta: float = option(150000.0, "base of the rotary angles", acts="run", least=1)
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)

    def check(self) -> None:
        """Check that every layer has a kind."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)

    @property
    def experts(self) -> int:
        """Number of experts."""
        return self.num_local_experts

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the file's RoPE parameters; the family's own if it has none."""
        return super().stated(kind) or STRETCH

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        kinds = self.layer_types or [SLIDING, FULL]
        return self.sliding_window if kinds[layer % len(kinds)] == SLIDING else None


def block(c: GptOssConfig, layer: int, rotary: blocks.Rotary, sinks: blocks.Sinks) -> blocks.PreNormBlock:
    """Build a block with a mixture of experts."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    attn = blocks.Attention(
        c.hidden_size,
        c.num_attention_heads,
        kv_heads=c.groups,
        head_size=c.head_size,
        bias=c.attention_bias,
        out_bias=c.attention_bias,
        rotary=rotary,
        rule=blocks.Rule.causal(c.window(layer), dropout=c.attention_dropout),
        score_bias=sinks,
    )
    router = blocks.Router(c.hidden_size, c.experts, c.num_experts_per_tok, bias=True)
    experts = blocks.ClampedExperts(c.experts, c.hidden_size, c.intermediate_size, c.swiglu_alpha, c.swiglu_limit)
    return blocks.PreNormBlock(attn, blocks.StackedMixture(router, experts), norm(), norm())


def trunk(c: GptOssConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks whose scores have a sink for each head."""
    rotary = blocks.Rotary(c.head_size, c.rope())
    sinks = [blocks.Sinks(c.num_attention_heads) for _ in range(c.num_hidden_layers)]
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[block(c, layer, rotary, own) for layer, own in enumerate(sinks)],
        norm=blocks.RMSNorm(c.hidden_size, c.rms_norm_eps),
        score_bias=blocks.ModuleList(sinks),
    )


FFN, MLP = "layers.{i}.ffn", "layers.{i}.mlp"
TRUNK = replace(
    LLAMA,
    rows={
        **{ours: row for ours, row in LLAMA.rows.items() if ".ffn." not in ours},
        f"{FFN}.router.gate": f"{MLP}.router",
        f"{FFN}.experts.gate_up": f"{MLP}.experts.gate_up_proj",
        f"{FFN}.experts.gate_up_bias": f"{MLP}.experts.gate_up_proj_bias",
        f"{FFN}.experts.down": f"{MLP}.experts.down_proj",
        f"{FFN}.experts.down_bias": f"{MLP}.experts.down_proj_bias",
        "score_bias.{i}.sinks": "layers.{i}.self_attn.sinks",
    },
)

register(Architecture(("gpt_oss",), "GptOss", GptOssConfig, trunk, TRUNK, SPANLESS_HEADS))
