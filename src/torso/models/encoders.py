"""What encoders of BERT's kind have in common: the keys of their configs, and their heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torso import blocks
from torso.architecture import HeadPlan, Task
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.weights.names import Names, Row


class EncoderConfig(HubConfig):
    """The keys that BERT and its kin share, under the names the Hub gives them."""

    vocab_size: int = size(30522, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(12, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(12, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    hidden_act: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    hidden_dropout_prob: float = probability(0.1, "dropout on embeddings and block outputs")
    attention_probs_dropout_prob: float = probability(0.1, "dropout on attention weights")
    max_position_embeddings: int = size(512, "longest text, in tokens", Axis("embed.positions.table", 0))
    layer_norm_eps: float = option(1e-12, "added to the variance in every norm", acts="run", least=1e-20, most=1)

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")

    @property
    def max_tokens(self) -> int | None:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings

    @property
    def table_width(self) -> int:
        """Width of the embeddings, and of the output matrix that repeats them."""
        return self.hidden_size

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob


POOLER = "{trunk}pooler.dense"


def pooled(c: EncoderConfig, labels: int, dropout: float) -> blocks.SequenceHead:
    """Build a head: logits from the first token, through BERT's tanh pooler."""
    pooler = blocks.Transform(c.hidden_size, "tanh")
    return blocks.SequenceHead(c.hidden_size, labels, pool="first", mlp=pooler, dropout=dropout)


def first_token(c: EncoderConfig, act: str) -> blocks.SequenceHead:
    """Build a head: logits from the first token, through a layer of the head's own."""
    mlp = blocks.Sequential(blocks.Dropout(c.head_dropout), blocks.Transform(c.hidden_size, act))
    return blocks.SequenceHead(c.hidden_size, c.labels, pool="first", mlp=mlp, dropout=c.head_dropout)


def masked_lm(c: EncoderConfig, act: str) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, tied to the token embeddings unless the config unties them."""
    norm = blocks.LayerNorm(c.table_width, c.layer_norm_eps)
    mlp = blocks.Transform(c.hidden_size, act, out=c.table_width, norm=norm)
    return blocks.VocabHead(c.table_width, c.vocab_size, mlp=mlp, bias=True, tied=c.tie_word_embeddings)


def masked_lm_names(mlp: Mapping[str, str | Row], bias: str, decoder: str) -> Names:
    """Return names of a `masked_lm`; files may hold the decoder although it repeats the embeddings and the bias."""
    return Names(
        {**mlp, "bias": bias, "out": decoder},
        copies={f"{decoder}.weight": "trunk.embed.tokens.weight", f"{decoder}.bias": "head.bias"},
        instead={f"{decoder}.bias": bias},
    )


FEATURES: HeadPlan[Any] = HeadPlan(lambda c: blocks.FeatureHead())
POOLED_FEATURES: HeadPlan[EncoderConfig] = HeadPlan(
    lambda c: blocks.FeatureHead(blocks.Transform(c.hidden_size, "tanh")),
    Names({"pooler.dense": POOLER}, optional=("pooler",)),
)
CHOICE: HeadPlan[EncoderConfig] = HeadPlan(
    lambda c: blocks.ChoiceHead(pooled(c, 1, c.hidden_dropout_prob)),
    Names({"scorer.mlp.dense": POOLER, "scorer.out": "classifier"}),
)
TOKEN: HeadPlan[EncoderConfig] = HeadPlan(
    lambda c: blocks.TokenHead(c.hidden_size, c.labels, dropout=c.head_dropout), Names({"out": "classifier"})
)
SPAN: HeadPlan[EncoderConfig] = HeadPlan(lambda c: blocks.SpanHead(c.hidden_size), Names({"out": "qa_outputs"}))
FIRST_TOKEN = Names({"mlp.1.dense": "classifier.dense", "out": "classifier.out_proj"})

PREDICTIONS = "cls.predictions"
BERT_HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: POOLED_FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        lambda c: pooled(c, c.labels, c.head_dropout), Names({"mlp.dense": POOLER, "out": "classifier"})
    ),
    Task.MULTIPLE_CHOICE: HeadPlan(lambda c: blocks.ChoiceHead(pooled(c, 1, c.head_dropout)), CHOICE.names),
    Task.NEXT_SENTENCE: HeadPlan(
        lambda c: pooled(c, 2, 0.0), Names({"mlp.dense": POOLER, "out": "cls.seq_relationship"})
    ),
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: HeadPlan(
        lambda c: masked_lm(c, c.hidden_act),
        masked_lm_names(
            {"mlp.dense": f"{PREDICTIONS}.transform.dense", "mlp.norm": f"{PREDICTIONS}.transform.LayerNorm"},
            bias=f"{PREDICTIONS}.bias",
            decoder=f"{PREDICTIONS}.decoder",
        ),
    ),
}
"""The heads that transformers gives BERT and those made after it."""

# RoBERTa's head; its activation does not follow the config.
LM_HEAD: HeadPlan[EncoderConfig] = HeadPlan(
    lambda c: masked_lm(c, "gelu"),
    masked_lm_names(
        {"mlp.dense": "lm_head.dense", "mlp.norm": "lm_head.layer_norm"}, bias="lm_head.bias", decoder="lm_head.decoder"
    ),
)
