"""Llama (https://arxiv.org/abs/2302.13971) and Mistral, which shares its block."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import ACTIVATIONS, Axis, option, size
from torso.models.decoders import DECODER_HEADS, OLDER_SPAN, RotaryDecoderConfig
from torso.weights.names import Names, cat


class LlamaConfig(RotaryDecoderConfig):
    """The keys of a Llama ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "llama"

    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    mlp_bias: bool = option(False, "whether the feed-forward has a bias", acts="shape")

    @property
    def biases(self) -> tuple[bool, bool]:
        """Whether the projections into attention have a bias, and the one out of it."""
        return self.attention_bias, self.attention_bias

    @property
    def attention(self) -> Callable[..., blocks.Attention]:
        """What describes the attention of a layer."""
        return blocks.Attention

    @property
    def branch_dropout(self) -> float:
        """Dropout on what attention and feed-forward add."""
        return 0.0

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        return None

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer's queries and keys turn with their positions."""
        return True

    def head_norm(self) -> blocks.RMSNorm | blocks.Identity:
        """Build the norm of each head's queries, and of its keys."""
        return blocks.Identity()

    def key_norm(self) -> blocks.RMSNorm | blocks.Identity:
        """Build the norm of keys, where it is another than that of queries."""
        return self.head_norm()

    def rotary(self) -> blocks.Rotary:
        """Build the rotary position embedding."""
        return blocks.Rotary(self.head_size, self.rope())

    def feed(self, layer: int) -> blocks.GatedFeedForward | blocks.Mixture:
        """Build the feed-forward of a layer."""
        return blocks.GatedFeedForward(self.hidden_size, self.intermediate_size, self.hidden_act, bias=self.mlp_bias)


class MistralConfig(LlamaConfig):
    """The keys of a Mistral ``config.json`` (https://arxiv.org/abs/2310.06825)."""

    model_type: ClassVar[str] = "mistral"

    intermediate_size: int = size(14336, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_key_value_heads: int | None = option(
        8, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    max_position_embeddings: int = option(131072, "longest text the model was made for, in tokens", acts="run", least=1)
    sliding_window: int | None = option(
        4096, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )

    def window(self, layer: int) -> int | None:
        """Return the window, the same in every layer."""
        return self.sliding_window


def trunk(c: LlamaConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks that normalise before each branch, with rotary positions."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = c.rotary()
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.PreNormBlock(
                attn=c.attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.biases[0],
                    out_bias=c.biases[1],
                    head_norm=c.head_norm,
                    key_norm=c.key_norm,
                    rotary=rotary if c.uses_rope(layer) else None,
                    rule=blocks.Rule.causal(c.window(layer), dropout=c.attention_dropout),
                ),
                ffn=c.feed(layer),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.branch_dropout,
            )
            for layer in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = Names(
    prefix=("model.", "transformer.", ""),
    rows={
        "embed.tokens": "embed_tokens",
        "layers.{i}.attn_norm": "layers.{i}.input_layernorm",
        "layers.{i}.attn.qkv": cat("layers.{i}.self_attn", "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.q_norm": "layers.{i}.self_attn.q_norm",
        "layers.{i}.attn.k_norm": "layers.{i}.self_attn.k_norm",
        "layers.{i}.attn.out": "layers.{i}.self_attn.o_proj",
        "layers.{i}.ffn_norm": "layers.{i}.post_attention_layernorm",
        "layers.{i}.ffn.gate_up": cat("layers.{i}.mlp", "gate_proj", "up_proj"),
        "layers.{i}.ffn.down": "layers.{i}.mlp.down_proj",
        "norm": "norm",
    },
    unused=("layers.{i}.self_attn.rotary_emb.inv_freq",),
)

register(
    Architecture(("llama",), "Llama", LlamaConfig, trunk, TRUNK, {**DECODER_HEADS, Task.QUESTION_ANSWERING: OLDER_SPAN})
)
register(Architecture(("mistral",), "Mistral", MistralConfig, trunk, TRUNK, DECODER_HEADS))
