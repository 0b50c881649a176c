"""The heads that decoders of Llama's kind have in common: transformers gives them all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from torso import nn
from torso.architecture import HeadPlan, Task
from torso.checkpoint.names import Names


class DecoderConfig(Protocol):
    """What these heads read of a config."""

    @property
    def hidden_size(self) -> int:
        """Width of every hidden state."""
        ...

    @property
    def vocab_size(self) -> int:
        """Entries of the vocabulary."""
        ...

    @property
    def tie_word_embeddings(self) -> bool:
        """Whether the token embeddings are the output matrix too."""
        ...

    @property
    def classifier_dropout(self) -> float | None:
        """Dropout before labels of tokens."""
        ...

    @property
    def labels(self) -> int:
        """How many labels the head has."""
        ...


def next_token(c: DecoderConfig) -> nn.VocabHead:
    """Logits over the vocabulary: what comes next."""
    return nn.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings)


def last_token(c: DecoderConfig) -> nn.SequenceHead:
    """Logits from the last token, which has seen all others."""
    return nn.SequenceHead(c.hidden_size, c.labels, pick="last", bias=False)


def every_token(c: DecoderConfig) -> nn.TokenHead:
    """Logits of each token."""
    chance = 0.1 if c.classifier_dropout is None else c.classifier_dropout
    return nn.TokenHead(c.hidden_size, c.labels, dropout=chance)


OUTPUT = Names({"out": "lm_head"}, copies={"lm_head.weight": "trunk.embed.tokens.weight"})
DECODER_HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: HeadPlan(lambda c: nn.FeatureHead()),
    Task.CAUSAL_LM: HeadPlan(next_token, OUTPUT),
    Task.SEQUENCE: HeadPlan(last_token, Names({"out": "score"})),
    Task.TOKEN: HeadPlan(every_token, Names({"out": "score"})),
    Task.SPAN: HeadPlan(lambda c: nn.SpanHead(c.hidden_size), Names({"out": "qa_outputs"})),
}
# What the older families, from GPT-2 to BLOOM, call the head of labels of tokens.
NAMED_CLASSIFIER = replace(DECODER_HEADS[Task.TOKEN], names=Names({"out": "classifier"}))
# Two families have a class whose trunk goes by another name.
OLDER_SPAN = replace(DECODER_HEADS[Task.SPAN], prefix="transformer.")
