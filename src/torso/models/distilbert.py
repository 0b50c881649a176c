"""DistilBERT (https://arxiv.org/abs/1910.01108): BERT's block without segments and without a pooler."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.models.encoders import FEATURES, masked_lm_names
from torso.weights.names import Names, cat

EPSILON = 1e-12
"""Added to the variance in every norm; no config changes it."""


class DistilBertConfig(HubConfig):
    """The keys of a DistilBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "distilbert"

    vocab_size: int = size(30522, "entries of the vocabulary", Axis("embed.tokens", 0))
    dim: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    n_layers: int = size(6, "blocks of the trunk", Count("layers"))
    n_heads: int = option(12, "heads that share the width", acts="run", least=1)
    hidden_dim: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    activation: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = size(512, "longest text, in tokens", Axis("embed.positions.table", 0))
    sinusoidal_pos_embds: bool = option(False, "whether the table of positions began as sines; it is read", acts="none")
    dropout: float = probability(0.1, "dropout on embeddings and feed-forwards, and before labels of tokens")
    attention_dropout: float = probability(0.1, "dropout on attention weights")
    seq_classif_dropout: float = probability(0.2, "dropout before labels of texts and before choices")
    qa_dropout: float = probability(0.1, "dropout before the places of an answer")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.dim, "dim", self.n_heads, "n_heads")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings


def trunk(c: DistilBertConfig) -> blocks.Trunk:
    """Build token and position embeddings, then blocks that normalise after each residual sum."""
    norm = partial(blocks.LayerNorm, c.dim, EPSILON)
    rule = blocks.Rule(dropout=c.attention_dropout)
    positions = blocks.LearnedPositions(c.max_position_embeddings, c.dim)
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.dim, positions=positions, norm=norm(), dropout=c.dropout),
        layers=[
            blocks.PostNormBlock(
                attn=blocks.Attention(c.dim, c.n_heads, rule=rule),
                ffn=blocks.FeedForward(c.dim, c.hidden_dim, c.activation),
                attn_norm=norm(),
                ffn_norm=norm(),
                ffn_dropout=c.dropout,  # nothing is dropped behind attention
            )
            for _ in range(c.n_layers)
        ],
    )


TRUNK = Names(
    prefix=("distilbert.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "layers.{i}.attn.qkv": cat("transformer.layer.{i}.attention", "q_lin", "k_lin", "v_lin"),
        "layers.{i}.attn.out": "transformer.layer.{i}.attention.out_lin",
        "layers.{i}.attn_norm": "transformer.layer.{i}.sa_layer_norm",
        "layers.{i}.ffn.up": "transformer.layer.{i}.ffn.lin1",
        "layers.{i}.ffn.down": "transformer.layer.{i}.ffn.lin2",
        "layers.{i}.ffn_norm": "transformer.layer.{i}.output_layer_norm",
    },
    unused=("embeddings.position_ids",),
)


def scored(c: DistilBertConfig, labels: int) -> blocks.SequenceHead:
    """Build a head: logits from the first token, through a layer of the head's own."""
    mlp = blocks.Transform(c.dim, "relu")
    return blocks.SequenceHead(c.dim, labels, pool="first", mlp=mlp, dropout=c.seq_classif_dropout)


def masked_lm(c: DistilBertConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary."""
    mlp = blocks.Transform(c.dim, c.activation, norm=blocks.LayerNorm(c.dim, EPSILON))
    return blocks.VocabHead(c.dim, c.vocab_size, mlp=mlp, bias=True, tied=c.tie_word_embeddings)


HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        lambda c: scored(c, c.labels), Names({"mlp.dense": "pre_classifier", "out": "classifier"})
    ),
    Task.MULTIPLE_CHOICE: HeadPlan(
        lambda c: blocks.ChoiceHead(scored(c, 1)),
        Names({"scorer.mlp.dense": "pre_classifier", "scorer.out": "classifier"}),
    ),
    Task.TOKEN_CLASSIFICATION: HeadPlan(
        lambda c: blocks.TokenHead(c.dim, c.labels, dropout=c.dropout), Names({"out": "classifier"})
    ),
    Task.QUESTION_ANSWERING: HeadPlan(
        lambda c: blocks.SpanHead(c.dim, dropout=c.qa_dropout), Names({"out": "qa_outputs"})
    ),
    Task.MASKED_LM: HeadPlan(
        masked_lm,
        masked_lm_names(
            {"mlp.dense": "vocab_transform", "mlp.norm": "vocab_layer_norm"},
            bias="vocab_projector.bias",
            decoder="vocab_projector",
        ),
    ),
}

register(Architecture(("distilbert",), "DistilBert", DistilBertConfig, trunk, TRUNK, HEADS))
