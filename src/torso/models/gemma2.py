"""Gemma 2 (https://arxiv.org/abs/2408.00118): windows in every other layer, capped scores, norms around branches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, fixed, option, size
from torso.models.decoders import FULL, OUTPUT, SLIDING, SPANLESS_HEADS, RotaryDecoderConfig, check_kinds
from torso.models.gemma import BOTH_WAYS
from torso.models.llama import TRUNK as LLAMA


class Gemma2Config(RotaryDecoderConfig):
    """The keys of a Gemma 2 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gemma2"

    vocab_size: int = size(256000, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2304, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(9216, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(26, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(8, "query heads", acts="shape", least=1)
    num_key_value_heads: int = option(4, "heads of keys and values", acts="shape", least=1)
    head_dim: int = option(256, "width of a head", acts="shape", least=2)
    hidden_activation: str = option(
        "gelu_pytorch_tanh", "activation of the feed-forward", acts="run", choices=ACTIVATIONS
    )
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    query_pre_attn_scalar: float = option(256, "scores are divided by the root of it", acts="run", least=1)
    attn_logit_softcapping: float | None = option(
        50.0, "what scores of attention stay below, by tanh; null for no cap", acts="run", least=1e-6
    )
    final_logit_softcapping: float | None = option(
        30.0, "what scores of the vocabulary stay below, by tanh; null for no cap", acts="run", least=1e-6
    )
    sliding_window: int | None = option(
        4096, "tokens that a token sees, itself included; null for all", acts="run", least=1
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: as the family has them", acts="run")
    use_bidirectional_attention: bool | None = fixed(None, BOTH_WAYS, alike=(False,))
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(2, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(1, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that every layer has a kind."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)

    @property
    def period(self) -> int:
        """Of how many layers the last has no window, where ``layer_types`` are not listed."""
        return 2

    def kind(self, layer: int) -> str:
        """Return whether a layer has a window."""
        if self.layer_types is not None:
            return self.layer_types[layer]
        return SLIDING if (layer + 1) % self.period else FULL

    def rule(self, layer: int) -> blocks.Rule:
        """Build what a layer's tokens see; with a cap on the scores."""
        window = self.sliding_window if self.kind(layer) == SLIDING else None
        return blocks.Rule.causal(
            window,
            scale=self.query_pre_attn_scalar**-0.5,
            softcap=self.attn_logit_softcapping,
            dropout=self.attention_dropout,
        )

    def head_norm(self) -> blocks.OffsetRMSNorm | blocks.Identity:
        """Build the norm of each head's queries, and of its keys."""
        return blocks.Identity()


def trunk(c: Gemma2Config) -> blocks.Trunk:
    """Build token embeddings times the root of their width, then blocks that normalise before and after each branch."""
    norm = partial(blocks.OffsetRMSNorm, c.hidden_size, c.rms_norm_eps)
    rotary = {kind: blocks.Rotary(c.head_size, c.rope(kind)) for kind in c.rope_kinds}
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, scale=c.hidden_size**0.5),
        layers=[
            blocks.SandwichBlock(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    kv_heads=c.groups,
                    head_size=c.head_size,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    head_norm=c.head_norm,
                    rotary=rotary.get(c.kind(layer)) or rotary[None],
                    rule=c.rule(layer),
                ),
                ffn=blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_activation, bias=False),
                attn_norm=norm(),
                attn_out_norm=norm(),
                ffn_norm=norm(),
                ffn_out_norm=norm(),
            )
            for layer in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = replace(
    LLAMA,
    rows={
        **LLAMA.rows,
        "layers.{i}.attn_out_norm": "layers.{i}.post_attention_layernorm",
        "layers.{i}.ffn_norm": "layers.{i}.pre_feedforward_layernorm",
        "layers.{i}.ffn_out_norm": "layers.{i}.post_feedforward_layernorm",
    },
)


def next_token(c: Gemma2Config) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, capped."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings, softcap=c.final_logit_softcapping)


HEADS = {**SPANLESS_HEADS, Task.CAUSAL_LM: HeadPlan(next_token, OUTPUT)}

register(Architecture(("gemma2",), "Gemma2", Gemma2Config, trunk, TRUNK, HEADS))
