"""OLMo (https://arxiv.org/abs/2402.00838): Llama's block with layer norms that have no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, option, size
from torso.models.decoders import DECODER_HEADS, RotaryDecoderConfig
from torso.models.llama import TRUNK as LLAMA

EPS = 1e-5
"""What its norms add to the variance; no config says so."""


class OlmoConfig(RotaryDecoderConfig):
    """The keys of an OLMo ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "olmo"

    vocab_size: int = size(50304, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    clip_qkv: float | None = option(
        None, "largest absolute value of queries, keys and values; null for no limit", acts="run", least=1e-6
    )
    rms_norm_eps: float = option(1e-5, "of norms that this family does not have", acts="none")
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    eos_token_id: int | list[int] | None = option(50279, "id of the token that ends a text", acts="none")


def trunk(c: OlmoConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks that normalise before each branch, with rotary positions."""
    norm = partial(blocks.LayerNorm, c.hidden_size, EPS, elementwise_affine=False)
    attention = blocks.Attention if c.clip_qkv is None else partial(blocks.ClippedAttention, limit=c.clip_qkv)
    rotary = blocks.Rotary(c.head_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.PreNormBlock(
                attn=attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False),
                attn_norm=norm(),
                ffn_norm=norm(),
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = replace(LLAMA, rows={ours: row for ours, row in LLAMA.rows.items() if not ours.endswith("norm")})
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.CAUSAL_LM, Task.SEQUENCE_CLASSIFICATION)
}

register(Architecture(("olmo",), "Olmo", OlmoConfig, trunk, TRUNK, HEADS))
