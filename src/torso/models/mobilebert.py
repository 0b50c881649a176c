"""MobileBERT (https://arxiv.org/abs/2004.02984): BERT, deep and narrow, between wide residuals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, fixed, option, probability, size
from torso.config.hub_config import check_divides
from torso.models import bert
from torso.models.encoders import BERT_HEADS, PREDICTIONS, masked_lm_names
from torso.weights.names import Names, transposed


class MobileBertConfig(bert.BertConfig):
    """The keys of a MobileBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "mobilebert"

    embedding_size: int = size(128, "width of the table of tokens", Axis("embed.tokens", 1))
    hidden_size: int = size(512, "width of every hidden state", Axis("layers.0.wide", 0))
    intra_bottleneck_size: int = size(128, "width inside a block", Axis("layers.0.wide", 1))
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(4, "heads that share the width inside a block", acts="run", least=1)
    num_feedforward_networks: int = option(4, "feed-forwards of a block", acts="shape", least=1)
    intermediate_size: int = size(512, "width inside a feed-forward", Axis("layers.0.ffn.up", 0))
    hidden_act: str = option("relu", "activation of the feed-forwards", acts="run", choices=ACTIVATIONS)
    hidden_dropout_prob: float = probability(0.0, "dropout on embeddings and block outputs")
    normalization_type: str = option(
        "no_norm", "layer_norm, or no_norm: a factor and a bias", acts="run", choices=("no_norm", "layer_norm")
    )
    trigram_input: bool = fixed(True, "whether a token's neighbours enter its embedding")
    use_bottleneck: bool = fixed(True, "whether blocks are narrow inside")
    use_bottleneck_attention: bool = fixed(False, "whether values are made of narrow rows too")
    key_query_shared_bottleneck: bool = fixed(True, "whether queries and keys are made of narrow rows of their own")
    classifier_activation: bool = fixed(True, "whether there is a pooler")

    def check(self) -> None:
        """Check that the heads share the width inside a block."""
        check_divides(
            self.intra_bottleneck_size, "intra_bottleneck_size", self.num_attention_heads, "num_attention_heads"
        )

    @property
    def table_width(self) -> int:
        """Width of the table of tokens."""
        return self.embedding_size

    def norm(self, width: int, eps: float | None = None) -> blocks.LayerNorm | blocks.NoNorm:
        """Build what stands in the place of a norm; some have PyTorch's epsilon and not the config's."""
        if self.normalization_type == "no_norm":
            return blocks.NoNorm(width)
        return blocks.LayerNorm(width) if eps is None else blocks.LayerNorm(width, eps)


def block(c: MobileBertConfig) -> blocks.BottleneckBlock:
    """Build a block, narrow inside."""
    inner, eps = c.intra_bottleneck_size, c.layer_norm_eps
    feed: Callable[[], blocks.FeedForward] = partial(blocks.FeedForward, inner, c.intermediate_size, c.hidden_act)
    more = range(c.num_feedforward_networks - 1)

    def narrow() -> blocks.Sequential:
        return blocks.Sequential(blocks.Linear(c.hidden_size, inner), c.norm(inner, eps))

    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    return blocks.BottleneckBlock(
        attn=blocks.BottleneckAttention(c.hidden_size, inner, c.num_attention_heads, rule=rule),
        narrow=narrow(),
        narrow_qk=narrow(),
        attn_norm=c.norm(inner, eps),
        feeds=[feed() for _ in more],
        feed_norms=[c.norm(inner, eps) for _ in more],
        ffn=feed(),
        ffn_norm=c.norm(inner),
        wide=blocks.Linear(inner, c.hidden_size),
        wide_norm=c.norm(c.hidden_size, eps),
        dropout=c.hidden_dropout_prob,
    )


def trunk(c: MobileBertConfig) -> blocks.Trunk:
    """Build embeddings of trigrams, then blocks that are narrow inside."""
    return blocks.Trunk(
        embed=blocks.TrigramEmbeddings(
            c.vocab_size,
            c.embedding_size,
            out=c.hidden_size,
            positions=blocks.LearnedPositions(c.max_position_embeddings, c.hidden_size),
            segments=c.type_vocab_size,
            norm=c.norm(c.hidden_size),
            dropout=c.hidden_dropout_prob,
        ),
        layers=[block(c) for _ in range(c.num_hidden_layers)],
    )


def masked_lm(c: MobileBertConfig) -> blocks.WidenedVocabHead:
    """Build a head: logits over the vocabulary, by the table of tokens and a matrix beside it."""
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps)
    return blocks.WidenedVocabHead(
        c.embedding_size,
        c.vocab_size,
        mlp=blocks.Transform(c.hidden_size, c.hidden_act, norm=norm),
        bias=True,
        tied=c.tie_word_embeddings,
        more=c.hidden_size - c.embedding_size,
    )


LAYER = "encoder.layer.{i}"
TRUNK = Names(
    prefix=("mobilebert.", ""),
    rows={
        **{ours: row for ours, row in bert.TRUNK.rows.items() if ours.startswith("embed.")},
        "embed.project": "embeddings.embedding_transformation",
        "layers.{i}.narrow.0": f"{LAYER}.bottleneck.input.dense",
        "layers.{i}.narrow.1": f"{LAYER}.bottleneck.input.LayerNorm",
        "layers.{i}.narrow_qk.0": f"{LAYER}.bottleneck.attention.dense",
        "layers.{i}.narrow_qk.1": f"{LAYER}.bottleneck.attention.LayerNorm",
        "layers.{i}.attn.q": f"{LAYER}.attention.self.query",
        "layers.{i}.attn.k": f"{LAYER}.attention.self.key",
        "layers.{i}.attn.v": f"{LAYER}.attention.self.value",
        "layers.{i}.attn.out": f"{LAYER}.attention.output.dense",
        "layers.{i}.attn_norm": f"{LAYER}.attention.output.LayerNorm",
        "layers.{i}.feeds.{j}.up": f"{LAYER}.ffn.{{j}}.intermediate.dense",
        "layers.{i}.feeds.{j}.down": f"{LAYER}.ffn.{{j}}.output.dense",
        "layers.{i}.feed_norms.{j}": f"{LAYER}.ffn.{{j}}.output.LayerNorm",
        "layers.{i}.ffn.up": f"{LAYER}.intermediate.dense",
        "layers.{i}.ffn.down": f"{LAYER}.output.dense",
        "layers.{i}.ffn_norm": f"{LAYER}.output.LayerNorm",
        "layers.{i}.wide": f"{LAYER}.output.bottleneck.dense",
        "layers.{i}.wide_norm": f"{LAYER}.output.bottleneck.LayerNorm",
    },
    unused=("embeddings.position_ids", "pooler.dense"),
)
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    **BERT_HEADS,
    Task.MASKED_LM: HeadPlan(
        masked_lm,
        masked_lm_names(
            {
                "mlp.dense": f"{PREDICTIONS}.transform.dense",
                "mlp.norm": f"{PREDICTIONS}.transform.LayerNorm",
                "rest": transposed(f"{PREDICTIONS}.dense"),
            },
            bias=f"{PREDICTIONS}.bias",
            decoder=f"{PREDICTIONS}.decoder",
        ),
    ),
}

register(Architecture(("mobilebert",), "MobileBert", MobileBertConfig, trunk, TRUNK, HEADS))
