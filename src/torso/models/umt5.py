"""umT5 (https://arxiv.org/abs/2304.09151): T5 1.1 in a hundred languages, each block with its own bias of distance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, Count, option, size
from torso.models import t5
from torso.models.t5 import FEEDS, T5Config
from torso.weights.names import Names


class UMT5Config(T5Config):
    """The keys of a umT5 ``config.json``."""

    model_type: ClassVar[str] = "umt5"

    vocab_size: int = size(250112, "entries of the vocabulary", Axis("encoder.embed.tokens", 0))
    d_ff: int = size(1024, "width inside the feed-forward", Axis("encoder.layers.0.ffn.down", 1))
    num_layers: int = size(8, "blocks of the encoder", Count("encoder.layers"))
    num_heads: int = size(6, "heads of attention", Axis("encoder.score_bias.0.table", 1))
    relative_attention_num_buckets: int = size(32, "buckets of distance", Axis("encoder.score_bias.0.table", 0))
    feed_forward_proj: str = option(
        "gated-gelu", "activation of the feed-forward, gated or not", acts="shape", choices=FEEDS
    )


def own(c: UMT5Config, tokens: blocks.Embedding, layers: int, *, decoder: bool) -> blocks.Trunk:
    """Build one side, each block of which adds a bias of its own."""
    biases = [t5.buckets(c, decoder=decoder) for _ in range(layers)]
    return t5.stack(c, tokens, biases, blocks.ModuleList(biases), decoder=decoder)


def trunk(c: UMT5Config) -> blocks.EncoderDecoder:
    """Build an encoder and a decoder over one table of tokens."""
    tokens = blocks.Embedding(c.vocab_size, c.d_model)
    decoder = own(c, tokens, c.num_decoder_layers or c.num_layers, decoder=True)
    encoder = own(c, tokens, c.num_layers, decoder=False)
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id)


def encoder(c: UMT5Config) -> blocks.EncoderOnly:
    """Build the encoder alone."""
    return blocks.EncoderOnly(own(c, blocks.Embedding(c.vocab_size, c.d_model), c.num_layers, decoder=False))


BIASES = {
    f"{side}.score_bias.{{i}}.table": f"{side}.block.{{i}}.layer.0.SelfAttention.relative_attention_bias"
    for side in ("encoder", "decoder")
}
SHARED_BIASES = {f"{side}.score_bias.table" for side in ("encoder", "decoder")}
ROWS = {ours: row for ours, row in t5.TRUNK.rows.items() if ours not in SHARED_BIASES}
TRUNK: Names = replace(t5.TRUNK, rows={**ROWS, **BIASES}, unused=())
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    **t5.TASKS,
    Task.TOKEN_CLASSIFICATION: replace(t5.TASKS[Task.TOKEN_CLASSIFICATION], trunk=encoder),
}

register(Architecture(("umt5",), "UMT5", UMT5Config, trunk, TRUNK, HEADS))
