"""ALBERT (https://arxiv.org/abs/1909.11942): few blocks that stand at many depths, and narrower embeddings."""

from __future__ import annotations

from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, fixed, option, probability, size
from torso.models.encoders import SPAN, TOKEN, EncoderConfig, masked_lm, masked_lm_names, pooled
from torso.weights.names import Names, cat


class AlbertConfig(EncoderConfig):
    """The keys of an ALBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "albert"

    vocab_size: int = size(30000, "entries of the vocabulary", Axis("embed.tokens", 0))
    embedding_size: int = size(128, "width of the embeddings, before they are projected", Axis("embed.tokens", 1))
    hidden_size: int = size(4096, "width of every hidden state", Axis("embed.project", 0))
    # Whatever a file says here, its weights are few: only the limits keep a broken one from running for ever.
    num_hidden_layers: int = option(12, "how often a group is applied", acts="run", least=1, most=1000)
    num_hidden_groups: int = size(1, "groups of blocks, applied one after another", Count("shared"))
    inner_group_num: int = option(1, "blocks of a group", acts="shape", least=1, most=100)
    num_attention_heads: int = option(64, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(16384, "width inside the feed-forward", Axis("shared.0.0.ffn.up", 0))
    hidden_act: str = option("gelu_new", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    hidden_dropout_prob: float = probability(0.0, "dropout on embeddings and behind attention")
    attention_probs_dropout_prob: float = probability(0.0, "dropout on attention weights")
    classifier_dropout_prob: float = probability(0.1, "dropout before a head of labels")
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    position_embedding_type: str = fixed("absolute", "how positions enter the model")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(2, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(3, "id of the token that ends a text", acts="none")

    @property
    def table_width(self) -> int:
        """Width of the embeddings, and of the output matrix that repeats them."""
        return self.embedding_size

    @property
    def head_dropout(self) -> float:
        """Dropout before a task's output layer."""
        return self.classifier_dropout_prob


def block(c: AlbertConfig) -> blocks.PostNormBlock:
    """Build BERT's block, without dropout after the feed-forward."""
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    return blocks.PostNormBlock(
        attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rule=rule),
        ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
        attn_norm=blocks.LayerNorm(c.hidden_size, c.layer_norm_eps),
        ffn_norm=blocks.LayerNorm(c.hidden_size, c.layer_norm_eps),
        dropout=c.hidden_dropout_prob,
        ffn_dropout=0.0,
    )


def trunk(c: AlbertConfig) -> blocks.Trunk:
    """Build token, position and segment embeddings, projected, then the groups of blocks, each again and again."""
    embed = blocks.Embeddings(
        c.vocab_size,
        c.embedding_size,
        positions=blocks.LearnedPositions(c.max_position_embeddings, c.embedding_size),
        segments=c.type_vocab_size,
        norm=blocks.LayerNorm(c.embedding_size, c.layer_norm_eps),
        dropout=c.hidden_dropout_prob,
        project=blocks.Linear(c.embedding_size, c.hidden_size),
    )
    groups = [[block(c) for _ in range(c.inner_group_num)] for _ in range(c.num_hidden_groups)]
    # Divided as the reference divides, whose quotient of two floats is rounded.
    depths = [int(i / (c.num_hidden_layers / c.num_hidden_groups)) for i in range(c.num_hidden_layers)]
    layers = [each for group in depths for each in groups[group]]
    return blocks.Trunk(embed, layers, shared=[blocks.ModuleList(group) for group in groups])


BLOCK = "encoder.albert_layer_groups.{i}.albert_layers.{j}"
TRUNK = Names(
    prefix=("albert.", ""),
    rows={
        "embed.tokens": "embeddings.word_embeddings",
        "embed.positions.table": "embeddings.position_embeddings",
        "embed.segments": "embeddings.token_type_embeddings",
        "embed.norm": "embeddings.LayerNorm",
        "embed.project": "encoder.embedding_hidden_mapping_in",
        "shared.{i}.{j}.attn.qkv": cat(f"{BLOCK}.attention", "query", "key", "value"),
        "shared.{i}.{j}.attn.out": f"{BLOCK}.attention.dense",
        "shared.{i}.{j}.attn_norm": f"{BLOCK}.attention.LayerNorm",
        "shared.{i}.{j}.ffn.up": f"{BLOCK}.ffn",
        "shared.{i}.{j}.ffn.down": f"{BLOCK}.ffn_output",
        "shared.{i}.{j}.ffn_norm": f"{BLOCK}.full_layer_layer_norm",
    },
    unused=("embeddings.position_ids", "pooler"),
)
POOLER = "{trunk}pooler"
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: HeadPlan(
        lambda c: blocks.FeatureHead(blocks.Transform(c.hidden_size, "tanh")),
        Names({"pooler.dense": POOLER}, optional=("pooler",)),
    ),
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        lambda c: pooled(c, c.labels, c.head_dropout), Names({"mlp.dense": POOLER, "out": "classifier"})
    ),
    Task.MULTIPLE_CHOICE: HeadPlan(
        lambda c: blocks.ChoiceHead(pooled(c, 1, c.head_dropout)),
        Names({"scorer.mlp.dense": POOLER, "scorer.out": "classifier"}),
    ),
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: HeadPlan(
        lambda c: masked_lm(c, c.hidden_act),
        masked_lm_names(
            {"mlp.dense": "predictions.dense", "mlp.norm": "predictions.LayerNorm"},
            bias="predictions.bias",
            decoder="predictions.decoder",
        ),
    ),
}

register(Architecture(("albert",), "Albert", AlbertConfig, trunk, TRUNK, HEADS))
