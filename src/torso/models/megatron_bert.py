"""Megatron-BERT (https://arxiv.org/abs/1909.08053): BERT with its norms before each branch."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, Count, fixed, option, size
from torso.models.encoders import BERT_HEADS, EncoderConfig
from torso.weights.names import Names, cat


class MegatronBertConfig(EncoderConfig):
    """The keys of a Megatron-BERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "megatron-bert"

    vocab_size: int = size(29056, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(1024, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(16, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(4096, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    position_embedding_type: str = fixed("absolute", "how positions enter the model")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")


def trunk(c: MegatronBertConfig) -> blocks.Trunk:
    """Build token, position and segment embeddings, then blocks that normalise before each branch."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.hidden_size,
            positions=blocks.LearnedPositions(c.max_position_embeddings, c.hidden_size),
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
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = Names(
    prefix=("bert.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "layers.{i}.attn_norm": "encoder.layer.{i}.attention.ln",
        "layers.{i}.attn.qkv": cat("encoder.layer.{i}.attention.self", "query", "key", "value"),
        "layers.{i}.attn.out": "encoder.layer.{i}.attention.output.dense",
        "layers.{i}.ffn_norm": "encoder.layer.{i}.ln",
        "layers.{i}.ffn.up": "encoder.layer.{i}.intermediate.dense",
        "layers.{i}.ffn.down": "encoder.layer.{i}.output.dense",
        "norm": "encoder.ln",
    },
    unused=("embeddings.position_ids", "pooler.dense"),
)

register(Architecture(("megatron-bert",), "MegatronBert", MegatronBertConfig, trunk, TRUNK, BERT_HEADS))
