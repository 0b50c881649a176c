"""GLM-4 of 2024 (https://arxiv.org/abs/2406.12793), and that of 2025, which norms each branch after it too."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, size
from torso.models.decoders import SPANLESS_HEADS, RotaryDecoderConfig
from torso.models.llama import TRUNK as LLAMA


class GlmConfig(RotaryDecoderConfig):
    """The keys of a GLM ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "glm"

    vocab_size: int = size(151552, "entries of the vocabulary", Axis("embed.tokens", 0))
    intermediate_size: int = size(13696, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(40, "blocks of the trunk", Count("layers"))
    num_key_value_heads: int | None = option(
        2, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    head_dim: int | None = option(
        128, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(True, "whether the projections into attention have a bias", acts="shape")
    rms_norm_eps: float = option(1.5625e-07, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    partial_rotary_factor: float = option(0.5, "share of a head's units that turn", acts="run", least=0, most=1)
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)
    pad_token_id: int | None = option(151329, "id of the padding token; torso packs texts and needs none", acts="none")

    def block(self, attn: blocks.Attention, ffn: blocks.GatedFeedForward) -> blocks.PreNormBlock | blocks.SandwichBlock:
        """Build a norm before each branch."""
        return blocks.PreNormBlock(attn, ffn, self.norm(), self.norm())

    def norm(self) -> blocks.RMSNorm:
        """Build a norm over the width."""
        return blocks.RMSNorm(self.hidden_size, self.rms_norm_eps)


class Glm4Config(GlmConfig):
    """The keys of a GLM-4 ``config.json`` of 2025."""

    model_type: ClassVar[str] = "glm4"

    def block(self, attn: blocks.Attention, ffn: blocks.GatedFeedForward) -> blocks.SandwichBlock:
        """Build a norm before each branch and one after it."""
        return blocks.SandwichBlock(attn, ffn, self.norm(), self.norm(), self.norm(), self.norm())


def trunk(c: GlmConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks; half of each head turns with its position, neighbouring units together."""
    rotary = blocks.PairedRotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            c.block(
                blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=False,
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout),
                ),
                blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=c.norm(),
    )


TRUNK = replace(LLAMA, rows={**LLAMA.rows, "layers.{i}.ffn.gate_up": "layers.{i}.mlp.gate_up_proj"})
SANDWICH = replace(
    TRUNK,
    rows={
        **TRUNK.rows,
        "layers.{i}.attn_out_norm": "layers.{i}.post_self_attn_layernorm",
        "layers.{i}.ffn_out_norm": "layers.{i}.post_mlp_layernorm",
    },
)

register(Architecture(("glm",), "Glm", GlmConfig, trunk, TRUNK, SPANLESS_HEADS))
register(Architecture(("glm4",), "Glm4", Glm4Config, trunk, SANDWICH, SPANLESS_HEADS))
