"""What decoders of Llama's kind have in common: their sizes, and their heads, which transformers gives them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from torso import blocks
from torso.architecture import HeadPlan, Task
from torso.config.fields import Axis, Count, option, probability, size
from torso.config.hub_config import check_divides
from torso.config.rope import RotaryConfig
from torso.errors import ConfigError
from torso.weights.names import Names

SLIDING, FULL = "sliding_attention", "full_attention"


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


class GroupedDecoderConfig(RotaryConfig):
    """The keys of a decoder with rotary positions, and keys and values that query heads share in groups."""

    vocab_size: int = size(32000, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(4096, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(11008, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(32, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(32, "heads that share the width", acts="run", least=1)
    num_key_value_heads: int | None = option(
        None, "heads of keys and values; null: one per query head", acts="shape", least=1
    )
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    classifier_dropout: float | None = probability(None, "dropout before a head of labels; null is 0.1")
    tie_word_embeddings: bool = option(False, "whether the token embeddings are the output matrix too", acts="shape")

    def check(self) -> None:
        """Check that the groups of keys and values share the query heads evenly."""
        if not self.states_head_size:
            check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")
        check_divides(self.num_attention_heads, "num_attention_heads", self.groups, "num_key_value_heads")
        super().check()

    @property
    def states_head_size(self) -> bool:
        """Whether the width of a head is stated, so that the heads need not share the width of the rows."""
        return False

    @property
    def groups(self) -> int:
        """Heads of keys and values."""
        return self.num_key_value_heads or self.num_attention_heads

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def rotary_size(self) -> int:
        """Units of each head that turn."""
        return int(self.head_size * self.rope()["partial_rotary_factor"])


class RotaryDecoderConfig(GroupedDecoderConfig):
    """The keys of a decoder of Llama's kind: RMS norms, and heads that may have a width of their own."""

    head_dim: int | None = option(
        None, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=2
    )
    rms_norm_eps: float = option(1e-6, "added to the mean square in every norm", acts="run", least=1e-20, most=1)

    @property
    def states_head_size(self) -> bool:
        """Whether ``head_dim`` is stated."""
        return self.head_dim is not None

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads


class LayerNormDecoderConfig(GroupedDecoderConfig):
    """The keys of a decoder with layer norms."""

    layer_norm_eps: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)


def check_kinds(kinds: list[str] | None, layers: int) -> None:
    """Check ``layer_types`` to one known kind per layer.

    Raises:
        ConfigError: ``E_CONFIG``, if it is not.
    """
    if kinds is not None and (len(kinds) != layers or not set(kinds) <= {SLIDING, FULL}):
        raise ConfigError(
            "E_CONFIG",
            "layer_types is {kinds}; it must name one of {known} for each of the {layers} layers.",
            cure="Give as many as num_hidden_layers, or null.",
            values=dict(kinds=kinds, known=f"{SLIDING}, {FULL}", layers=layers),
        )


def next_token(c: DecoderConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary: what comes next."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings)


def last_token(c: DecoderConfig) -> blocks.SequenceHead:
    """Build a head: logits from the last token, which has seen all others."""
    return blocks.SequenceHead(c.hidden_size, c.labels, pool="last", bias=False)


def every_token(c: DecoderConfig) -> blocks.TokenHead:
    """Build a head: logits of each token."""
    chance = 0.1 if c.classifier_dropout is None else c.classifier_dropout
    return blocks.TokenHead(c.hidden_size, c.labels, dropout=chance)


OUTPUT = Names({"out": "lm_head"}, copies={"lm_head.weight": "trunk.embed.tokens.weight"})
SPANLESS_HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: HeadPlan(lambda c: blocks.FeatureHead()),
    Task.CAUSAL_LM: HeadPlan(next_token, OUTPUT),
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(last_token, Names({"out": "score"})),
    Task.TOKEN_CLASSIFICATION: HeadPlan(every_token, Names({"out": "score"})),
}
DECODER_HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    **SPANLESS_HEADS,
    Task.QUESTION_ANSWERING: HeadPlan(lambda c: blocks.SpanHead(c.hidden_size), Names({"out": "qa_outputs"})),
}
# What the older families, from GPT-2 to BLOOM, call the head of labels of tokens.
NAMED_CLASSIFIER = replace(DECODER_HEADS[Task.TOKEN_CLASSIFICATION], names=Names({"out": "classifier"}))
# Two families have a class whose trunk goes by another name.
OLDER_SPAN = replace(DECODER_HEADS[Task.QUESTION_ANSWERING], prefix="transformer.")
