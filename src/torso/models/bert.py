"""BERT (Devlin et al., 2018, https://arxiv.org/abs/1810.04805) and its tasks."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import nn
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.checkpoint.config import HubConfig, check_divides
from torso.checkpoint.names import Names, cat
from torso.checkpoint.parameters import ACTIVATIONS, Axis, Count, chance, knob, only, size


class BertConfig(HubConfig):
    """The keys of a BERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "bert"

    vocab_size: int = size(30522, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(12, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = knob(12, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    hidden_act: str = knob("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    hidden_dropout_prob: float = chance(0.1, "dropout on embeddings and block outputs")
    attention_probs_dropout_prob: float = chance(0.1, "dropout on attention weights")
    max_position_embeddings: int = size(512, "longest text, in tokens", Axis("embed.positions.table", 0))
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    layer_norm_eps: float = knob(1e-12, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    classifier_dropout: float | None = chance(None, "dropout before a head; null takes hidden_dropout_prob")
    position_embedding_type: str = only("absolute", "how positions enter the model")
    pad_token_id: int | None = knob(0, "id of the padding token; torso packs texts and needs none", acts="none")

    def check(self) -> None:
        """The heads share the width."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout


def trunk(c: BertConfig) -> nn.Trunk:
    """Token, position and segment embeddings, then blocks that normalise after each residual sum."""
    norm = partial(nn.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = nn.Rule(dropout=c.attention_probs_dropout_prob)
    return nn.Trunk(
        embed=nn.Embeddings(
            c.vocab_size,
            c.hidden_size,
            positions=nn.LearnedPositions(c.max_position_embeddings, c.hidden_size),
            segments=c.type_vocab_size,
            norm=norm(),
            dropout=c.hidden_dropout_prob,
        ),
        layers=[
            nn.PostNormBlock(
                attn=nn.Attention(c.hidden_size, c.num_attention_heads, rule=rule),
                ffn=nn.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
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
DECODER = "cls.predictions.decoder"
POOLER = "{trunk}pooler.dense"
POOLED = Names({"mlp.dense": POOLER, "out": "classifier"})


def pooled(c: BertConfig, labels: int, dropout: float) -> nn.SequenceHead:
    """Logits from the first token, through BERT's tanh pooler."""
    pooler = nn.Transform(c.hidden_size, "tanh")
    return nn.SequenceHead(c.hidden_size, labels, pick="first", mlp=pooler, dropout=dropout)


def masked_lm(c: BertConfig) -> nn.VocabHead:
    """Logits over the vocabulary, with the token embeddings as output matrix unless the config unties them."""
    mlp = nn.Transform(c.hidden_size, c.hidden_act, norm=nn.LayerNorm(c.hidden_size, c.layer_norm_eps))
    return nn.VocabHead(c.hidden_size, c.vocab_size, mlp=mlp, bias=True, tied=c.tie_word_embeddings)


register(
    Architecture(
        model_types=("bert",),
        family="Bert",
        config=BertConfig,
        trunk=trunk,
        names=TRUNK,
        tasks={
            Task.FEATURES: HeadPlan(
                lambda c: nn.FeatureHead(nn.Transform(c.hidden_size, "tanh")),
                Names({"pooler.dense": POOLER}, optional=("pooler",)),
            ),
            Task.SEQUENCE: HeadPlan(lambda c: pooled(c, c.labels, c.head_dropout), POOLED),
            Task.CHOICE: HeadPlan(
                lambda c: nn.ChoiceHead(pooled(c, 1, c.head_dropout)),
                Names({"scorer.mlp.dense": POOLER, "scorer.out": "classifier"}),
            ),
            Task.NEXT_SENTENCE: HeadPlan(
                lambda c: pooled(c, 2, 0.0), Names({"mlp.dense": POOLER, "out": "cls.seq_relationship"})
            ),
            Task.TOKEN: HeadPlan(
                lambda c: nn.TokenHead(c.hidden_size, c.labels, dropout=c.head_dropout), Names({"out": "classifier"})
            ),
            Task.SPAN: HeadPlan(lambda c: nn.SpanHead(c.hidden_size), Names({"out": "qa_outputs"})),
            Task.MASKED_LM: HeadPlan(
                masked_lm,
                Names(
                    {
                        "mlp.dense": "cls.predictions.transform.dense",
                        "mlp.norm": "cls.predictions.transform.LayerNorm",
                        "bias": "cls.predictions.bias",
                        "out": DECODER,
                    },
                    copies={f"{DECODER}.weight": "trunk.embed.tokens.weight", f"{DECODER}.bias": "head.bias"},
                    instead={f"{DECODER}.bias": "cls.predictions.bias"},
                ),
            ),
        },
    )
)
