"""Granite 3 (https://huggingface.co/ibm-granite): Llama's block, with constants on embeddings, branches and scores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import option
from torso.models.decoders import DECODER_HEADS, OUTPUT
from torso.models.llama import TRUNK, LlamaConfig


class GraniteConfig(LlamaConfig):
    """The keys of a Granite ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "granite"

    embedding_multiplier: float = option(1.0, "factor on the token embeddings", acts="run", least=1e-6)
    attention_multiplier: float = option(1.0, "factor on the scores of attention", acts="run", least=1e-6)
    residual_multiplier: float = option(1.0, "factor on what attention and feed-forward add", acts="run", least=1e-6)
    logits_scaling: float = option(1.0, "what scores of the vocabulary are divided by", acts="run", least=1e-6)
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")


def trunk(c: GraniteConfig) -> blocks.Trunk:
    """Build scaled token embeddings, then blocks that normalise before each branch and scale what it adds."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    scale = partial(blocks.Scale, c.residual_multiplier)
    rotary = blocks.Rotary(c.head_size, c.rope())
    rule = blocks.Rule.causal(scale=c.attention_multiplier, dropout=c.attention_dropout)
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, scale=c.embedding_multiplier),
        layers=[
            blocks.SandwichBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    rotary=rotary,
                    rule=rule,
                ),
                ffn=c.feed(layer),
                attn_norm=norm(),
                attn_out_norm=scale(),
                ffn_norm=norm(),
                ffn_out_norm=scale(),
            )
            for layer in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


def next_token(c: GraniteConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, divided by a constant."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings, scale=1 / c.logits_scaling)


HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: DECODER_HEADS[Task.FEATURES],
    Task.CAUSAL_LM: HeadPlan(next_token, OUTPUT),
}

register(Architecture(("granite",), "Granite", GraniteConfig, trunk, TRUNK, HEADS))
