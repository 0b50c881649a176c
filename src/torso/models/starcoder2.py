"""StarCoder 2 (https://arxiv.org/abs/2402.19173): grouped heads, layer norms with biases, a plain feed-forward."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.models.decoders import SPANLESS_HEADS, GroupedDecoderConfig
from torso.weights.names import Names, cat


class Starcoder2Config(GroupedDecoderConfig):
    """The keys of a StarCoder 2 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "starcoder2"

    vocab_size: int = size(49152, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(3072, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(12288, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    num_hidden_layers: int = size(30, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(24, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        2, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    hidden_act: str = option("gelu_pytorch_tanh", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = option(4096, "longest text the model was made for, in tokens", acts="run", least=1)
    norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    sliding_window: int | None = option(
        None, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    residual_dropout: float = probability(0.0, "dropout on what attention and feed-forward add")
    embedding_dropout: float = probability(0.0, "dropout on embeddings")
    use_bias: bool = option(True, "whether the projections have a bias", acts="shape")
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    bos_token_id: int | None = option(50256, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50256, "id of the token that ends a text", acts="none")


def trunk(c: Starcoder2Config) -> blocks.Trunk:
    """Build token embeddings, then blocks that normalise before each branch, with rotary positions and a window."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.norm_epsilon)
    rotary = blocks.Rotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, dropout=c.embedding_dropout),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    bias=c.use_bias,
                    out_bias=c.use_bias,
                    rotary=rotary,
                    rule=blocks.Rule.causal(c.sliding_window, dropout=c.attention_dropout),
                ),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=c.use_bias),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.residual_dropout,
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = Names(
    prefix=("model.", ""),
    rows={
        "embed.tokens": "embed_tokens",
        "layers.{i}.attn_norm": "layers.{i}.input_layernorm",
        "layers.{i}.attn.qkv": cat("layers.{i}.self_attn", "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.out": "layers.{i}.self_attn.o_proj",
        "layers.{i}.ffn_norm": "layers.{i}.post_attention_layernorm",
        "layers.{i}.ffn.up": "layers.{i}.mlp.c_fc",
        "layers.{i}.ffn.down": "layers.{i}.mlp.c_proj",
        "norm": "norm",
    },
    unused=("layers.{i}.self_attn.rotary_emb.inv_freq",),
)

register(Architecture(("starcoder2",), "Starcoder2", Starcoder2Config, trunk, TRUNK, SPANLESS_HEADS))
