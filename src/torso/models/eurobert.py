"""EuroBERT (https://arxiv.org/abs/2503.05500): Llama's block as an encoder, for long texts in many languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, size
from torso.models.decoders import OUTPUT, RotaryDecoderConfig
from torso.models.llama import TRUNK
from torso.weights.names import Names


class EuroBertConfig(RotaryDecoderConfig):
    """The keys of a EuroBERT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "eurobert"

    vocab_size: int = size(128256, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(12, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(12, "heads that share the width", acts="run", least=1)
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    mlp_bias: bool = option(False, "whether the feed-forward and the output matrix have a bias", acts="shape")
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    classifier_pooling: str = option(
        "late",
        "what labels of texts are read of: the first row, the mean of all, or the mean of all rows' own scores",
        acts="run",
        choices=("bos", "mean", "late"),
    )
    classifier_dropout: float | None = option(None, "a dropout that this family never reads", acts="none")
    mask_token_id: int | None = option(128002, "id of the token that hides a word", acts="none")
    pad_token_id: int | None = option(128001, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(128000, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(128001, "id of the token that ends a text", acts="none")


def trunk(c: EuroBertConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks that normalise before each branch and see the whole text."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = blocks.Rotary(c.head_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    rotary=rotary,
                    rule=blocks.Rule(dropout=c.attention_dropout),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=c.mlp_bias),
                attn_norm=norm(),
                ffn_norm=norm(),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


def sequence(c: EuroBertConfig) -> blocks.SequenceHead:
    """Build a head: logits of a text, of one row or of all."""
    mlp = blocks.Transform(c.hidden_size, "gelu")
    if c.classifier_pooling == "late":
        return blocks.LateSequenceHead(c.hidden_size, c.labels, pool="mean", mlp=mlp)
    return blocks.SequenceHead(
        c.hidden_size, c.labels, pool="mean" if c.classifier_pooling == "mean" else "first", mlp=mlp
    )


def masked(c: EuroBertConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings, bias=c.mlp_bias)


HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: HeadPlan(lambda c: blocks.FeatureHead()),
    Task.MASKED_LM: HeadPlan(masked, Names({**OUTPUT.rows, "bias": "lm_head.bias"}, copies=OUTPUT.copies)),
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(sequence, Names({"mlp.dense": "dense", "out": "classifier"})),
    Task.TOKEN_CLASSIFICATION: HeadPlan(
        lambda c: blocks.TokenHead(c.hidden_size, c.labels), Names({"out": "classifier"})
    ),
}

register(Architecture(("eurobert",), "EuroBert", EuroBertConfig, trunk, TRUNK, HEADS))
