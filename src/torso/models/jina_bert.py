"""Jina Embeddings 2 (https://arxiv.org/abs/2310.19923): BERT with gates, whose scores fall with the distance.

Its files on the Hub are of the type "bert", with code of their own: see `torso.config.inferred_model_type`.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, fixed, option, probability, size
from torso.models.bert import TRUNK as BERT
from torso.models.encoders import BERT_HEADS, EncoderConfig
from torso.weights.names import Names

GATES = {"geglu": "gelu", "reglu": "relu"}


class JinaBertConfig(EncoderConfig):
    """The keys of a JinaBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "jina_bert"

    intermediate_size: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    hidden_act: str = option("gelu", "activation of the masked-language head", acts="run", choices=ACTIVATIONS)
    feed_forward_type: str = option(
        "geglu", "activation of the feed-forward's gate: GELU or ReLU", acts="run", choices=tuple(GATES)
    )
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    classifier_dropout: float | None = probability(None, "dropout before a head; null takes hidden_dropout_prob")
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    position_embedding_type: str = fixed("alibi", "how positions enter the model")
    emb_pooler: str | None = option(None, "how the first code pooled; torso follows the folder's modules", acts="none")
    attn_implementation: str | None = option(None, "implementation that the first code chose", acts="none")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


def trunk(c: JinaBertConfig) -> blocks.Trunk:
    """Build token and segment embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    slopes = blocks.DistanceSlopeBias(c.num_attention_heads)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    feed = partial(
        blocks.GatedFeedForward,
        c.hidden_size,
        c.intermediate_size,
        GATES[c.feed_forward_type],
        bias=False,
        down_bias=True,
        dropout=c.hidden_dropout_prob,
    )
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size, c.hidden_size, segments=c.type_vocab_size, norm=norm(), dropout=c.hidden_dropout_prob
        ),
        layers=[
            blocks.PostNormBlock(
                attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rule=rule, score_bias=slopes),
                ffn=feed(),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
                ffn_dropout=0.0,  # it drops gated units instead
            )
            for _ in range(c.num_hidden_layers)
        ],
        score_bias=slopes,
    )


MLP = "encoder.layer.{i}.mlp"
TRUNK = Names(
    prefix=BERT.prefix,
    rows={
        **{ours: row for ours, row in BERT.rows.items() if "positions" not in ours and "ffn" not in ours},
        "layers.{i}.ffn.gate_up": f"{MLP}.gated_layers",
        "layers.{i}.ffn.down": f"{MLP}.wo",
        "layers.{i}.ffn_norm": f"{MLP}.layernorm",
    },
    unused=BERT.unused,
)

register(Architecture(("jina_bert",), "JinaBert", JinaBertConfig, trunk, TRUNK, BERT_HEADS))
