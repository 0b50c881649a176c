"""BLOOM (BigScience, 2022, https://arxiv.org/abs/2211.05100) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.models.decoders import DECODER_HEADS, NAMED_CLASSIFIER
from torso.weights.names import Names, heads_interleaved


class BloomConfig(HubConfig):
    """The keys of a BLOOM ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "bloom"
    aliases: ClassVar[Mapping[str, str]] = {
        **ALIASES,
        "n_embed": "hidden_size",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
    }

    vocab_size: int = size(250880, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(64, "width of every hidden state", Axis("embed.tokens", 1))
    n_layer: int = size(2, "blocks of the trunk", Count("layers"))
    n_head: int = option(8, "heads that share the width", acts="run", least=1)
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    apply_residual_connection_post_layernorm: bool = option(
        False, "whether branches are added to the normed rows instead of the rows", acts="run"
    )
    hidden_dropout: float = probability(0.0, "dropout on what attention and feed-forward add")
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    classifier_dropout: float | None = probability(None, "dropout before a head of labels; null takes hidden_dropout")
    slow_but_exact: bool = option(False, "whether transformers adds up products in the order of training", acts="none")
    pretraining_tp: int = option(1, "parts in which those products were added up in training", acts="none")
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.hidden_size, "hidden_size", self.n_head, "n_head")

    @property
    def head_dropout(self) -> float:
        """Dropout before labels of tokens."""
        return self.hidden_dropout if self.classifier_dropout is None else self.classifier_dropout


def trunk(c: BloomConfig) -> blocks.Trunk:
    """Build normed token embeddings, then blocks whose attention falls off with distance, by a slope for each head."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_epsilon)
    block = blocks.NormedResidualBlock if c.apply_residual_connection_post_layernorm else blocks.PreNormBlock
    slopes = blocks.SlopeBias(c.n_head)
    rule = blocks.Rule.causal(dropout=c.attention_dropout)
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, norm=norm()),
        layers=[
            block(
                attn=blocks.Attention(c.hidden_size, c.n_head, rule=rule, score_bias=slopes),
                ffn=blocks.FeedForward(c.hidden_size, 4 * c.hidden_size, "gelu_new"),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout,
            )
            for _ in range(c.n_layer)
        ],
        norm=norm(),
        score_bias=slopes,
    )


TRUNK = Names(
    prefix=("transformer.", ""),
    rows={
        "embed.tokens": "word_embeddings",
        "embed.norm": "word_embeddings_layernorm",
        "layers.{i}.attn_norm": "h.{i}.input_layernorm",
        "layers.{i}.attn.qkv": heads_interleaved("h.{i}.self_attention.query_key_value"),
        "layers.{i}.attn.out": "h.{i}.self_attention.dense",
        "layers.{i}.ffn_norm": "h.{i}.post_attention_layernorm",
        "layers.{i}.ffn.up": "h.{i}.mlp.dense_h_to_4h",
        "layers.{i}.ffn.down": "h.{i}.mlp.dense_4h_to_h",
        "norm": "ln_f",
    },
)


def every_token(c: BloomConfig) -> blocks.TokenHead:
    """Build a head: logits of each token."""
    return blocks.TokenHead(c.hidden_size, c.labels, dropout=c.head_dropout)


HEADS = {**DECODER_HEADS, Task.TOKEN_CLASSIFICATION: replace(NAMED_CLASSIFIER, build=every_token)}

register(Architecture(("bloom",), "Bloom", BloomConfig, trunk, TRUNK, HEADS))
