"""OLMo 2 (https://arxiv.org/abs/2501.00656): norms behind each branch instead of before it, and over all heads."""

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


class Olmo2Config(RotaryDecoderConfig):
    """The keys of an OLMo 2 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "olmo2"

    vocab_size: int = size(50304, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    rms_norm_eps: float = option(1e-5, "added to the mean square in every norm", acts="run", least=1e-20, most=1)
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    eos_token_id: int | list[int] | None = option(50279, "id of the token that ends a text", acts="none")

    def kind(self, layer: int) -> str | None:
        """Return the kind of a layer, which says by which angles it turns; None where all are alike."""
        return None

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        return None

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer's queries and keys turn with their positions."""
        return True

    def head_norm(self, heads: int) -> blocks.RMSNorm:
        """Build the norm of the units of some heads together."""
        return blocks.JointRMSNorm(heads * self.head_size, self.rms_norm_eps)


def trunk(c: Olmo2Config) -> blocks.Trunk:
    """Build token embeddings, then blocks whose branches read the rows as they are, and are normed before the sum."""
    norm = partial(blocks.RMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = {kind: blocks.Rotary(c.head_size, c.rope(kind)) for kind in c.rope_kinds}
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[
            blocks.SandwichBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    head_norm=lambda: c.head_norm(c.num_attention_heads),
                    key_norm=lambda: c.head_norm(c.groups),
                    rotary=rotary[c.kind(layer)] if c.uses_rope(layer) else None,
                    rule=blocks.Rule.causal(c.window(layer), dropout=c.attention_dropout),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False),
                attn_norm=blocks.Identity(),
                attn_out_norm=norm(),
                ffn_norm=blocks.Identity(),
                ffn_out_norm=norm(),
            )
            for layer in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


LAYER = "layers.{i}"
TRUNK = replace(
    LLAMA,
    rows={
        **{ours: row for ours, row in LLAMA.rows.items() if ours not in (f"{LAYER}.attn_norm", f"{LAYER}.ffn_norm")},
        f"{LAYER}.attn_out_norm": f"{LAYER}.post_attention_layernorm",
        f"{LAYER}.ffn_out_norm": f"{LAYER}.post_feedforward_layernorm",
    },
)
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.CAUSAL_LM, Task.SEQUENCE_CLASSIFICATION)
}

register(Architecture(("olmo2",), "Olmo2", Olmo2Config, trunk, TRUNK, HEADS))
