"""NEZHA (https://arxiv.org/abs/1909.00204): Chinese BERT with the sinusoids of distances in place of positions."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import Axis, option, probability, size
from torso.config.hub_config import check_divides
from torso.models.bert import TRUNK as BERT
from torso.models.encoders import BERT_HEADS, EncoderConfig
from torso.weights.names import Names


class NezhaConfig(EncoderConfig):
    """The keys of a NEZHA ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "nezha"

    vocab_size: int = size(21128, "entries of the vocabulary", Axis("embed.tokens", 0))
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    max_position_embeddings: int = option(512, "longest text the model was made for, in tokens", acts="run", least=1)
    max_relative_position: int = option(64, "largest distance that has a vector of its own", acts="run", least=1)
    classifier_dropout: float | None = probability(0.1, "dropout before a head; null takes hidden_dropout_prob")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    def check(self) -> None:
        """Check that heads of an even width share the width."""
        super().check()
        check_divides(self.hidden_size, "hidden_size", 2 * self.num_attention_heads, "2 * num_attention_heads")

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


def trunk(c: NezhaConfig) -> blocks.Trunk:
    """Build token and segment embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    attention = partial(blocks.RelativeAttention, span=c.max_relative_position, rule=rule)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size, c.hidden_size, segments=c.type_vocab_size, norm=norm(), dropout=c.hidden_dropout_prob
        ),
        layers=[
            blocks.PostNormBlock(
                attn=attention(c.hidden_size, c.num_attention_heads),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
            )
            for _ in range(c.num_hidden_layers)
        ],
    )


# Files of some versions hold the sinusoids of each block.
SINUSOIDS = "encoder.layer.{i}.attention.self.relative_positions_encoding"
TRUNK = Names(
    prefix=("nezha.", "bert.", ""),
    rows={ours: row for ours, row in BERT.rows.items() if "positions" not in ours},
    unused=(*BERT.unused, SINUSOIDS),
)

register(Architecture(("nezha",), "Nezha", NezhaConfig, trunk, TRUNK, BERT_HEADS))
