"""Gemma (https://arxiv.org/abs/2403.08295): Llama's block, with larger heads and norms stored as distances from one."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, Count, fixed, option, size
from torso.models.decoders import SPANLESS_HEADS, RotaryDecoderConfig
from torso.models.llama import TRUNK

BOTH_WAYS = "whether a token sees those behind it too"


class GemmaConfig(RotaryDecoderConfig):
    """The keys of a Gemma ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gemma"

    vocab_size: int = size(256000, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(3072, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(24576, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(28, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "query heads", acts="shape", least=1)
    num_key_value_heads: int = option(16, "heads of keys and values", acts="shape", least=1)
    head_dim: int = option(256, "width of a head", acts="shape", least=2)
    hidden_act: str = option(
        "gelu_pytorch_tanh", "activation of the feed-forward; gelu means its tanh form", acts="run", choices=ACTIVATIONS
    )
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    use_bidirectional_attention: bool | None = fixed(None, BOTH_WAYS, alike=(False,))
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(2, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(1, "id of the token that ends a text", acts="none")


def trunk(c: GemmaConfig) -> blocks.Trunk:
    """Build token embeddings times the root of their width, then blocks that normalise before each branch."""
    norm = partial(blocks.OffsetRMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = blocks.Rotary(c.head_size, c.rope())
    # The first files name the exact form; the weights were trained with the other.
    act = "gelu_pytorch_tanh" if c.hidden_act == "gelu" else c.hidden_act
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, scale=c.hidden_size**0.5),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, act, bias=False),
                attn_norm=norm(),
                ffn_norm=norm(),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


register(Architecture(("gemma",), "Gemma", GemmaConfig, trunk, TRUNK, SPANLESS_HEADS))
