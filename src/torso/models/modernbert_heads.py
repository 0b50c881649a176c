"""The heads of ModernBERT, all of which begin with one and the same layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torso import nn
from torso.architecture import HeadPlan, Task
from torso.checkpoint.names import Names
from torso.models.encoders import FEATURES

if TYPE_CHECKING:
    from torso.models.modernbert import ModernBertConfig


def mlp(c: ModernBertConfig) -> nn.Transform:
    """The layer before the scores of every task."""
    return nn.Transform(c.hidden_size, c.classifier_activation, norm=c.norm(), bias=c.classifier_bias)


def pooled(c: ModernBertConfig, labels: int) -> nn.SequenceHead:
    """Logits from the first token, or from the mean of all."""
    pick = "mean" if c.classifier_pooling == "mean" else "first"
    return nn.SequenceHead(c.hidden_size, labels, pick=pick, mlp=mlp(c), dropout=c.classifier_dropout)


def vocabulary(c: ModernBertConfig) -> nn.VocabHead:
    """Logits over the vocabulary, with the token embeddings as output matrix unless the config unties them."""
    return nn.VocabHead(c.hidden_size, c.vocab_size, mlp=mlp(c), bias=c.decoder_bias, tied=c.tie_word_embeddings)


MLP = {"mlp.dense": "head.dense", "mlp.norm": "head.norm"}
LABELS = Names({**MLP, "out": "classifier"})
VOCABULARY = Names(
    {**MLP, "bias": "decoder.bias", "out": "decoder"}, copies={"decoder.weight": "trunk.embed.tokens.weight"}
)

HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE: HeadPlan(lambda c: pooled(c, c.labels), LABELS),
    Task.CHOICE: HeadPlan(
        lambda c: nn.ChoiceHead(pooled(c, 1)),
        Names({f"scorer.{ours}": theirs for ours, theirs in LABELS.rows.items()}),
    ),
    Task.TOKEN: HeadPlan(
        lambda c: nn.TokenHead(c.hidden_size, c.labels, mlp=mlp(c), dropout=c.classifier_dropout), LABELS
    ),
    Task.SPAN: HeadPlan(lambda c: nn.SpanHead(c.hidden_size, mlp=mlp(c), dropout=c.classifier_dropout), LABELS),
    Task.MASKED_LM: HeadPlan(vocabulary, VOCABULARY),
}
