"""Falcon (https://arxiv.org/abs/2311.16867): parallel branches, one or few heads of keys; ALiBi in its first models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import check_divides
from torso.config.rope import RotaryConfig
from torso.models.decoders import DECODER_HEADS, NAMED_CLASSIFIER, OLDER_SPAN
from torso.weights.names import Names, heads_interleaved


class FalconConfig(RotaryConfig):
    """The keys of a Falcon ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "falcon"
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "n_embed": "hidden_size"}

    vocab_size: int = size(65024, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(4544, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(32, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(71, "heads that share the width", acts="run", least=1)
    new_decoder_architecture: bool = option(
        False, "whether keys have num_kv_heads heads, beside parallel branches (Falcon 40B)", acts="shape"
    )
    num_kv_heads: int | None = option(
        None, "heads of keys and values of the new architecture; null: one per query head", acts="shape", least=1
    )
    multi_query: bool = option(True, "whether all query heads share one of keys, before the new one", acts="shape")
    parallel_attn: bool = option(
        True, "whether the feed-forward reads what attention reads, or what it leaves", acts="shape"
    )
    num_ln_in_parallel_attn: int | None = option(
        None,
        "norms of a block of the new architecture: 1 for both branches; 2 or null: one for each",
        acts="shape",
        least=1,
        most=2,
    )
    alibi: bool = option(False, "whether scores fall off with distance, instead of rotary positions", acts="run")
    bias: bool = option(False, "whether projections have a bias", acts="shape")
    ffn_hidden_size: int | None = option(
        None, "width inside the feed-forward; null: four times hidden_size", acts="shape", least=1
    )
    activation: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    hidden_dropout: float = probability(0.0, "dropout on what the branches add")
    attention_dropout: float = probability(0.0, "dropout on attention weights, with ALiBi alone")
    classifier_dropout: float | None = probability(None, "dropout before a head of labels; null takes hidden_dropout")
    bos_token_id: int | None = option(11, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(11, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and that the queries' share the keys' evenly."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")
        check_divides(self.num_attention_heads, "num_attention_heads", self.groups, "num_kv_heads")
        super().check()

    @property
    def max_tokens(self) -> int | None:
        """Maximum text length the model was made for, in tokens; None with ALiBi."""
        return None if self.alibi else super().max_tokens

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def groups(self) -> int:
        """Heads of keys and values."""
        if self.new_decoder_architecture:
            return self.num_kv_heads or self.num_attention_heads
        return 1 if self.multi_query else self.num_attention_heads

    def norm(self) -> blocks.Part:
        """Build a norm over the width."""
        return blocks.LayerNorm(self.hidden_size, self.layer_norm_epsilon)

    def block(self, attn: blocks.Attention, ffn: blocks.FeedForward) -> blocks.PreNormBlock:
        """Build a block: branches in a row, or side by side with a norm each or one for both."""
        first, second = self.norm(), self.norm()
        if not (self.new_decoder_architecture or self.parallel_attn):
            # The reference drops units of what attention adds by this probability.
            chance = self.attention_dropout
            return blocks.PreNormBlock(attn, ffn, first, second, dropout=chance, ffn_dropout=self.hidden_dropout)
        if self.new_decoder_architecture and self.num_ln_in_parallel_attn != 1:
            # Norms of one part, for they have names of their own in files.
            first, second = blocks.Sequential(first), blocks.Sequential(second)
        else:
            second = first
        return blocks.ParallelBlock(attn, ffn, first, second, dropout=self.hidden_dropout)


def trunk(c: FalconConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks with rotary positions or a slope for each head."""
    slopes = blocks.CoarseSlopeBias(c.num_attention_heads, c.head_size**-0.5) if c.alibi else None
    rotary = None if c.alibi else blocks.Rotary(c.head_size, c.rope())
    inner = c.ffn_hidden_size or 4 * c.hidden_size
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            c.block(
                blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    bias=c.bias,
                    out_bias=c.bias,
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout if c.alibi else 0.0),
                    score_bias=slopes,
                ),
                blocks.FeedForward(c.hidden_size, inner, c.activation, bias=c.bias),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=c.norm(),
        score_bias=slopes,
    )


TRUNK = Names(
    prefix=("transformer.", ""),
    rows={
        "embed.tokens": "word_embeddings",
        "layers.{i}.attn_norm": "h.{i}.input_layernorm",
        "layers.{i}.attn_norm.0": "h.{i}.ln_attn",
        "layers.{i}.attn.qkv": heads_interleaved("h.{i}.self_attention.query_key_value"),
        "layers.{i}.attn.out": "h.{i}.self_attention.dense",
        "layers.{i}.ffn_norm": "h.{i}.post_attention_layernorm",
        "layers.{i}.ffn_norm.0": "h.{i}.ln_mlp",
        "layers.{i}.ffn.up": "h.{i}.mlp.dense_h_to_4h",
        "layers.{i}.ffn.down": "h.{i}.mlp.dense_4h_to_h",
        "norm": "ln_f",
    },
)


def every_token(c: FalconConfig) -> blocks.TokenHead:
    """Build a head: logits of each token."""
    chance = c.hidden_dropout if c.classifier_dropout is None else c.classifier_dropout
    return blocks.TokenHead(c.hidden_size, c.labels, dropout=chance)


HEADS = {
    **DECODER_HEADS,
    Task.TOKEN_CLASSIFICATION: replace(NAMED_CLASSIFIER, build=every_token),
    Task.QUESTION_ANSWERING: OLDER_SPAN,
}

register(Architecture(("falcon",), "Falcon", FalconConfig, trunk, TRUNK, HEADS))
