"""Phi-3, 3.5 and 4 (https://arxiv.org/abs/2404.14219): Llama's block with dropout, and angles for long texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import ACTIVATIONS, Axis, option, probability, size
from torso.models.decoders import SPANLESS_HEADS, RotaryDecoderConfig
from torso.models.llama import TRUNK as LLAMA


class Phi3Config(RotaryDecoderConfig):
    """The keys of a Phi-3 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "phi3"

    vocab_size: int = size(32064, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(3072, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(8192, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    resid_pdrop: float = probability(0.0, "dropout on what attention and feed-forward add")
    sliding_window: int | None = option(
        None, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    partial_rotary_factor: float = option(1.0, "share of a head's units that turn", acts="run", least=0, most=1)
    max_position_embeddings: int = option(4096, "longest text the model was made for, in tokens", acts="run", least=1)
    original_max_position_embeddings: int | None = option(
        4096, "longest text before RoPE scaling, in tokens; null: stated in the RoPE table", acts="run", least=2
    )
    pad_token_id: int | None = option(32000, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(32000, "id of the token that ends a text", acts="none")

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Read LongRoPE under its older name ``yarn`` too."""
        given = super().stated(kind)
        name = given.get("rope_type") or given.get("type")
        return {**given, "rope_type": "longrope"} if name == "yarn" else given


def trunk(c: Phi3Config) -> blocks.Trunk:
    """Build token embeddings, then pre-norm blocks with partial rotary positions."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = blocks.Rotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=False,
                    out_bias=False,
                    rotary=rotary,
                    rule=blocks.Rule.causal(c.sliding_window, dropout=c.attention_dropout),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.resid_pdrop,
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        "layers.{i}.attn.qkv": "layers.{i}.self_attn.qkv_proj",
        "layers.{i}.ffn.gate_up": "layers.{i}.mlp.gate_up_proj",
    },
)

register(Architecture(("phi3",), "Phi3", Phi3Config, trunk, TRUNK, SPANLESS_HEADS))
