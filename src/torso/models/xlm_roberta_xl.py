"""XLM-R XL and XXL (https://arxiv.org/abs/2105.00572): XLM-R with blocks that normalise before each branch."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, Count, option, size
from torso.models.roberta import HEADS, XLMRobertaConfig
from torso.weights.names import Names, cat


class XLMRobertaXLConfig(XLMRobertaConfig):
    """The keys of an XLM-R XL ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "xlm-roberta-xl"

    vocab_size: int = size(250880, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2560, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(36, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(32, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(10240, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    max_position_embeddings: int = size(
        514,
        "rows of the table of positions; those up to pad_token_id are no position",
        Axis("embed.positions.table", 0),
    )
    type_vocab_size: int = size(1, "segments: first and second text", Axis("embed.segments", 0))
    layer_norm_eps: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)


def trunk(c: XLMRobertaXLConfig) -> blocks.Trunk:
    """Build embeddings without a norm, then blocks that normalise before each branch, and a last norm."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.hidden_size,
            positions=c.positions(),
            segments=c.type_vocab_size,
            dropout=c.hidden_dropout_prob,
        ),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rule=rule),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
                ffn_dropout=0.0,
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = Names(
    prefix=("roberta.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "layers.{i}.attn_norm": "encoder.layer.{i}.attention.self_attn_layer_norm",
        "layers.{i}.attn.qkv": cat("encoder.layer.{i}.attention.self", "query", "key", "value"),
        "layers.{i}.attn.out": "encoder.layer.{i}.attention.output.dense",
        "layers.{i}.ffn_norm": "encoder.layer.{i}.LayerNorm",
        "layers.{i}.ffn.up": "encoder.layer.{i}.intermediate.dense",
        "layers.{i}.ffn.down": "encoder.layer.{i}.output.dense",
        "norm": "encoder.LayerNorm",
    },
    unused=("embeddings.position_ids", "pooler.dense"),
)

register(Architecture(("xlm-roberta-xl",), "XLMRobertaXL", XLMRobertaXLConfig, trunk, TRUNK, HEADS))
