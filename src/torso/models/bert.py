"""BERT (Devlin et al., 2018, https://arxiv.org/abs/1810.04805) and its tasks."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, fixed, option, probability, size
from torso.models.encoders import BERT_HEADS, EncoderConfig
from torso.weights.names import Names, cat


class SegmentedConfig(EncoderConfig):
    """The keys of an encoder that tells a second text from the first, and has a table of positions."""

    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))

    def positions(self) -> blocks.LearnedPositions:
        """Build the table of positions."""
        return blocks.LearnedPositions(self.max_position_embeddings, self.table_width)


class BertConfig(SegmentedConfig):
    """The keys of a BERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "bert"

    classifier_dropout: float | None = probability(None, "dropout before a head; null takes hidden_dropout_prob")
    position_embedding_type: str = fixed("absolute", "how positions enter the model")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


def trunk(c: SegmentedConfig) -> blocks.Trunk:
    """Build token, position and segment embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.table_width,
            positions=c.positions(),
            segments=c.type_vocab_size,
            norm=blocks.LayerNorm(c.table_width, c.layer_norm_eps),
            dropout=c.hidden_dropout_prob,
            project=blocks.Linear(c.table_width, c.hidden_size) if c.table_width != c.hidden_size else None,
        ),
        layers=[
            blocks.PostNormBlock(
                attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rule=rule),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
            )
            for _ in range(c.num_hidden_layers)
        ],
    )


TRUNK = Names(
    prefix=("bert.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "layers.{i}.attn.qkv": cat("encoder.layer.{i}.attention.self", "query", "key", "value"),
        "layers.{i}.attn.out": "encoder.layer.{i}.attention.output.dense",
        "layers.{i}.attn_norm": "encoder.layer.{i}.attention.output.LayerNorm",
        "layers.{i}.ffn.up": "encoder.layer.{i}.intermediate.dense",
        "layers.{i}.ffn.down": "encoder.layer.{i}.output.dense",
        "layers.{i}.ffn_norm": "encoder.layer.{i}.output.LayerNorm",
    },
    unused=("embeddings.position_ids", "pooler.dense"),
)

register(Architecture(("bert",), "Bert", BertConfig, trunk, TRUNK, BERT_HEADS))
