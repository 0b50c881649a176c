"""MPNet (https://arxiv.org/abs/2004.09297): BERT's block with a bias on scores for the distance, shared by all."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, fixed, option, size
from torso.models.encoders import (
    CHOICE,
    FIRST_TOKEN,
    LM_HEAD,
    POOLED_FEATURES,
    SPAN,
    TOKEN,
    EncoderConfig,
    first_token,
)
from torso.weights.names import Names, cat

RESERVED = 2
"""Rows of the table of positions before the first: those up to the padding token, which is 1 whatever a config says."""
FURTHEST = 128
"""Distance from which all is one bucket."""


class MPNetConfig(EncoderConfig):
    """The keys of an MPNet ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "mpnet"

    vocab_size: int = size(30527, "entries of the vocabulary", Axis("embed.tokens", 0))
    max_position_embeddings: int = size(
        512, "rows of the table of positions; the first two are no position", Axis("embed.positions.table", 0)
    )
    relative_attention_num_buckets: int = fixed(32, "buckets of distance")
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings - RESERVED


def trunk(c: MPNetConfig) -> blocks.Trunk:
    """Build token and position embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule, buckets = blocks.Rule(dropout=c.attention_probs_dropout_prob), c.relative_attention_num_buckets
    bias = blocks.TokenDistanceBias(c.num_attention_heads, buckets, FURTHEST, both_ways=True)
    positions = blocks.UnpaddedPositions(c.max_position_embeddings, c.hidden_size, padding=RESERVED - 1)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size, c.hidden_size, positions=positions, norm=norm(), dropout=c.hidden_dropout_prob
        ),
        layers=[
            blocks.PostNormBlock(
                attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rule=rule, score_bias=bias),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
            )
            for _ in range(c.num_hidden_layers)
        ],
        score_bias=bias,
    )


TRUNK = Names(
    prefix=("mpnet.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "score_bias.table": "encoder.relative_attention_bias",
        "layers.{i}.attn.qkv": cat("encoder.layer.{i}.attention.attn", "q", "k", "v"),
        "layers.{i}.attn.out": "encoder.layer.{i}.attention.attn.o",
        "layers.{i}.attn_norm": "encoder.layer.{i}.attention.LayerNorm",
        "layers.{i}.ffn.up": "encoder.layer.{i}.intermediate.dense",
        "layers.{i}.ffn.down": "encoder.layer.{i}.output.dense",
        "layers.{i}.ffn_norm": "encoder.layer.{i}.output.LayerNorm",
    },
    unused=("embeddings.position_ids", "pooler.dense"),
)
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: POOLED_FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: first_token(c, "tanh"), FIRST_TOKEN),
    Task.MULTIPLE_CHOICE: CHOICE,
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: LM_HEAD,
}

register(Architecture(("mpnet",), "MPNet", MPNetConfig, trunk, TRUNK, HEADS))
