"""StableLM (https://huggingface.co/stabilityai): layer norms, of each head its own too; partial rotary positions."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, option, probability, size
from torso.models.decoders import SPANLESS_HEADS, LayerNormDecoderConfig
from torso.models.llama import TRUNK as LLAMA


class StableLmConfig(LayerNormDecoderConfig):
    """The keys of a StableLM ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "stablelm"

    vocab_size: int = size(50304, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2560, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(6912, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_key_value_heads: int | None = option(
        32, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = option(4096, "longest text the model was made for, in tokens", acts="run", least=1)
    partial_rotary_factor: float = option(0.25, "share of a head's units that turn", acts="run", least=0, most=1)
    use_qkv_bias: bool = option(False, "whether the projections into attention have a bias", acts="shape")
    qk_layernorm: bool = option(False, "whether each head's queries and keys are normed", acts="shape")
    use_parallel_residual: bool = option(
        False, "whether the feed-forward reads what attention reads, or what it leaves", acts="shape"
    )
    hidden_dropout: float = probability(0.0, "dropout on what the feed-forward adds")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(0, "id of the token that ends a text", acts="none")

    def head_norms(self, heads: int) -> blocks.EachHeadLayerNorm | blocks.Identity:
        """Build the norms of some heads."""
        if not self.qk_layernorm:
            return blocks.Identity()
        return blocks.EachHeadLayerNorm(heads, self.head_size, self.layer_norm_eps)

    def block(self, attn: blocks.Attention, ffn: blocks.GatedFeedForward) -> blocks.PreNormBlock:
        """Build a block: branches in a row, or side by side behind one norm."""
        norm = blocks.LayerNorm(self.hidden_size, self.layer_norm_eps)
        if self.use_parallel_residual:
            return blocks.ParallelBlock(attn, ffn, norm, norm, ffn_dropout=self.hidden_dropout)
        second = blocks.LayerNorm(self.hidden_size, self.layer_norm_eps)
        return blocks.PreNormBlock(attn, ffn, norm, second, ffn_dropout=self.hidden_dropout)


def trunk(c: StableLmConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks of which a part of each head turns with its position."""
    rotary = blocks.Rotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            c.block(
                blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    bias=c.use_qkv_bias,
                    out_bias=False,
                    head_norm=lambda: c.head_norms(c.num_attention_heads),
                    key_norm=lambda: c.head_norms(c.groups),
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout),
                ),
                blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=blocks.LayerNorm(c.hidden_size, c.layer_norm_eps),
    )


ATTENTION = "layers.{i}.self_attn"
TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        "layers.{i}.attn.q_norm.norms.{j}": f"{ATTENTION}.q_layernorm.norms.{{j}}",
        "layers.{i}.attn.k_norm.norms.{j}": f"{ATTENTION}.k_layernorm.norms.{{j}}",
    },
)

register(Architecture(("stablelm",), "StableLm", StableLmConfig, trunk, TRUNK, SPANLESS_HEADS))
