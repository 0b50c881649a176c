"""T5 (Raffel et al., 2019, https://arxiv.org/abs/1910.10683), original and 1.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig
from torso.weights.names import Names, Row, cat

FEEDS = (*ACTIVATIONS, *(f"gated-{each}" for each in ACTIVATIONS))


class T5Config(HubConfig):
    """The keys of a T5 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "t5"

    vocab_size: int = size(32128, "entries of the vocabulary", Axis("encoder.embed.tokens", 0))
    d_model: int = size(512, "width of every hidden state", Axis("encoder.embed.tokens", 1))
    d_kv: int = option(64, "width of a head", acts="shape", least=1)
    d_ff: int = size(2048, "width inside the feed-forward", Axis("encoder.layers.0.ffn.down", 1))
    num_layers: int = size(6, "blocks of the encoder", Count("encoder.layers"))
    num_decoder_layers: int | None = option(None, "blocks of the decoder; null: as the encoder", acts="shape", least=1)
    num_heads: int = size(8, "heads of attention", Axis("encoder.score_bias.table", 1))
    relative_attention_num_buckets: int = size(32, "buckets of distance", Axis("encoder.score_bias.table", 0))
    relative_attention_max_distance: int = option(128, "distance from which all is one bucket", acts="run", least=2)
    dropout_rate: float = probability(0.1, "dropout everywhere but before a classifier")
    classifier_dropout: float = probability(0.0, "dropout before a head of labels")
    layer_norm_epsilon: float = option(1e-6, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    feed_forward_proj: str = option("relu", "activation of the feed-forward, gated or not", acts="shape", choices=FEEDS)
    scale_decoder_outputs: bool | None = option(None, "scale rows before the vocabulary; null: if tied", acts="run")
    decoder_start_token_id: int = option(0, "id of the token that a target begins with", acts="run", least=0)
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    eos_token_id: int | list[int] | None = option(1, "id of the token that ends a text", acts="none")
    is_encoder_decoder: bool = option(True, "whether the file holds a decoder too; the weights tell", acts="none")


def buckets(c: T5Config, *, decoder: bool) -> blocks.BucketBias:
    """Build a bias of distance, of earlier and later keys or of earlier alone."""
    furthest = c.relative_attention_max_distance
    return blocks.BucketBias(c.num_heads, c.relative_attention_num_buckets, furthest, both_ways=not decoder)


def stack(
    c: T5Config, tokens: blocks.Embedding, biases: Sequence[blocks.Part], score_bias: blocks.Part, *, decoder: bool
) -> blocks.Trunk:
    """Build one side: a pre-norm block for each bias of its self-attention, all of which ``score_bias`` holds."""
    norm = partial(blocks.RMSNorm, c.d_model, c.layer_norm_epsilon)
    gated, _, act = c.feed_forward_proj.rpartition("-")
    # The gated form of 2020 was named after its exact activation and always computed the other.
    act = "gelu_new" if c.feed_forward_proj == "gated-gelu" else act
    feed = blocks.GatedFeedForward if gated else blocks.FeedForward
    # T5 does not divide scores by the root of a head's width.
    rule = blocks.Rule(scale=1.0, dropout=c.dropout_rate)
    attend = partial(blocks.Attention, c.d_model, c.num_heads, head_size=c.d_kv, bias=False, out_bias=False)
    cross = partial(blocks.CrossAttention, c.d_model, c.num_heads, head_size=c.d_kv, bias=False, out_bias=False)

    def block(bias: blocks.Part) -> blocks.Part:
        within = replace(rule, right=0) if decoder else rule
        attn = attend(rule=within, score_bias=bias)
        ffn = feed(c.d_model, c.d_ff, act, bias=False, dropout=c.dropout_rate)
        if not decoder:
            return blocks.PreNormBlock(attn, ffn, norm(), norm(), dropout=c.dropout_rate)
        return blocks.PreNormCrossBlock(attn, cross(rule=rule), ffn, norm(), norm(), norm(), dropout=c.dropout_rate)

    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.d_model, dropout=c.dropout_rate, tokens=tokens),
        layers=[block(bias) for bias in biases],
        norm=blocks.Sequential(norm(), blocks.Dropout(c.dropout_rate)),
        score_bias=score_bias,
    )


def shared(c: T5Config, tokens: blocks.Embedding, layers: int, *, decoder: bool) -> blocks.Trunk:
    """Build one side, all blocks of which add the same bias."""
    bias = buckets(c, decoder=decoder)
    return stack(c, tokens, [bias] * layers, bias, decoder=decoder)


def trunk(c: T5Config) -> blocks.EncoderDecoder:
    """Build an encoder and a decoder over one table of tokens."""
    tokens = blocks.Embedding(c.vocab_size, c.d_model)
    decoder = shared(c, tokens, c.num_decoder_layers or c.num_layers, decoder=True)
    encoder = shared(c, tokens, c.num_layers, decoder=False)
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id)


def encoder(c: T5Config) -> blocks.EncoderOnly:
    """Build the encoder alone."""
    return blocks.EncoderOnly(shared(c, blocks.Embedding(c.vocab_size, c.d_model), c.num_layers, decoder=False))


def side(ours: str, feed: int) -> dict[str, str | Row]:
    """Return names of one side; the feed-forward is sub-layer 1 of an encoder block, 2 of a decoder block."""
    block, theirs = f"{ours}.layers.{{i}}", f"{ours}.block.{{i}}.layer"
    ffn = f"{theirs}.{feed}.DenseReluDense"
    return {
        f"{ours}.score_bias.table": f"{ours}.block.0.layer.0.SelfAttention.relative_attention_bias",
        f"{block}.attn_norm": f"{theirs}.0.layer_norm",
        f"{block}.attn.qkv": cat(f"{theirs}.0.SelfAttention", "q", "k", "v"),
        f"{block}.attn.out": f"{theirs}.0.SelfAttention.o",
        f"{block}.ffn_norm": f"{theirs}.{feed}.layer_norm",
        f"{block}.ffn.up": f"{ffn}.wi",
        f"{block}.ffn.gate_up": cat(ffn, "wi_0", "wi_1"),
        f"{block}.ffn.down": f"{ffn}.wo",
        f"{ours}.norm.0": f"{ours}.final_layer_norm",
    }


CROSS = "decoder.block.{i}.layer.1"
SHARED = "trunk.encoder.embed.tokens.weight"
TRUNK = Names(
    prefix=("", "transformer."),
    rows={
        "encoder.embed.tokens": "shared",
        **side("encoder", feed=1),
        **side("decoder", feed=2),
        "decoder.layers.{i}.cross_norm": f"{CROSS}.layer_norm",
        "decoder.layers.{i}.cross.q": f"{CROSS}.EncDecAttention.q",
        "decoder.layers.{i}.cross.kv": cat(f"{CROSS}.EncDecAttention", "k", "v"),
        "decoder.layers.{i}.cross.out": f"{CROSS}.EncDecAttention.o",
    },
    unused=("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias",),
    copies={"encoder.embed_tokens.weight": SHARED, "decoder.embed_tokens.weight": SHARED},
    instead={"shared.weight": "encoder.embed_tokens.weight"},
)


def vocabulary(c: T5Config) -> blocks.VocabHead:
    """Build what a target says next. An untied output matrix is how a config says "1.1", and 1.1 does not rescale."""
    scales = c.tie_word_embeddings if c.scale_decoder_outputs is None else c.scale_decoder_outputs
    return blocks.VocabHead(
        c.d_model, c.vocab_size, tied=c.tie_word_embeddings, scale=c.d_model**-0.5 if scales else 1.0
    )


def sequence(c: T5Config) -> blocks.SequenceHead:
    """Build a head: logits from the last token of the decoder, which reads the text itself."""
    mlp = blocks.Sequential(blocks.Dropout(c.classifier_dropout), blocks.Transform(c.d_model, "tanh"))
    return blocks.SequenceHead(c.d_model, c.labels, pool="last", mlp=mlp, dropout=c.classifier_dropout)


LM = Names({"out": "lm_head"}, copies={"lm_head.weight": SHARED}, optional=("out",))
CLASSIFIER = Names({"mlp.1.dense": "classification_head.dense", "out": "classification_head.out_proj"})
TASKS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: HeadPlan(lambda c: blocks.FeatureHead()),
    Task.SEQ2SEQ_LM: HeadPlan(vocabulary, LM),
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(sequence, CLASSIFIER, prefix="transformer."),
    Task.TOKEN_CLASSIFICATION: HeadPlan(
        lambda c: blocks.TokenHead(c.d_model, c.labels, dropout=c.classifier_dropout),
        Names({"out": "classifier"}, unused=("{trunk}decoder",)),
        encoder,
        prefix="transformer.",
    ),
    Task.QUESTION_ANSWERING: HeadPlan(lambda c: blocks.SpanHead(c.d_model), Names({"out": "qa_outputs"})),
}

register(Architecture(("t5",), "T5", T5Config, trunk, TRUNK, TASKS))
