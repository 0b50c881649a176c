"""Command R (https://huggingface.co/CohereLabs) and Command R7B, whose layers without a window have no positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, size
from torso.models.decoders import DECODER_HEADS, OUTPUT, SLIDING, LayerNormDecoderConfig, check_kinds
from torso.models.llama import TRUNK as LLAMA


class CohereConfig(LayerNormDecoderConfig):
    """The keys of a Command R ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "cohere"

    vocab_size: int = size(256000, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(8192, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(22528, "width inside the feed-forward", Axis("layers.0.ffn.down", 1))
    num_hidden_layers: int = size(40, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(64, "heads that share the width", acts="run", least=1)
    max_position_embeddings: int = option(8192, "longest text the model was made for, in tokens", acts="run", least=1)
    rope_theta: float = option(500000.0, "base of the rotary angles", acts="run", least=1)
    hidden_act: str = option("silu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    attention_bias: bool = option(False, "whether the projections of attention have a bias", acts="shape")
    use_qk_norm: bool | None = option(False, "whether each head's queries and keys are normed", acts="shape")
    logit_scale: float = option(0.0625, "factor on the scores of the vocabulary", acts="run", least=1e-6)
    tie_word_embeddings: bool = option(True, "whether the token embeddings are the output matrix too", acts="shape")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(5, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(255001, "id of the token that ends a text", acts="none")

    def head_norm(self, heads: int) -> blocks.HeadLayerNorm | blocks.Identity:
        """Build the norm of the units of each of some heads."""
        return (
            blocks.HeadLayerNorm(heads, self.head_size, self.layer_norm_eps) if self.use_qk_norm else blocks.Identity()
        )

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer's token sees, itself included; None for all."""
        return None

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer's queries and keys turn with their positions."""
        return True


class Cohere2Config(CohereConfig):
    """The keys of a Command R7B ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "cohere2"

    rope_theta: float = option(10000.0, "base of the rotary angles", acts="run", least=1)
    use_qk_norm: bool | None = option(False, "a norm of heads that this family does not have", acts="none")
    sliding_window: int = option(4096, "tokens that a token sees in most layers, itself included", acts="run", least=1)
    sliding_window_pattern: int = option(
        4, "of so many layers the last has no window; layer_types go before", acts="run", least=1
    )
    layer_types: list[str] | None = option(None, "which layers have a window; null: as the pattern says", acts="run")

    def check(self) -> None:
        """Check that every layer has a kind."""
        super().check()
        check_kinds(self.layer_types, self.num_hidden_layers)

    def head_norm(self, heads: int) -> blocks.HeadLayerNorm | blocks.Identity:
        """Build none."""
        return blocks.Identity()

    def uses_rope(self, layer: int) -> bool:
        """Return whether a layer has a window, and with it positions."""
        if self.layer_types is not None:
            return self.layer_types[layer] == SLIDING
        return (layer + 1) % self.sliding_window_pattern != 0

    def window(self, layer: int) -> int | None:
        """Return the window of a layer that turns."""
        return self.sliding_window if self.uses_rope(layer) else None


def block(c: CohereConfig, layer: int, rotary: blocks.Rotary) -> blocks.ParallelBlock:
    """Build a block whose branches share a norm, without a bias."""
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps, bias=False)
    attn = blocks.Attention(
        c.hidden_size,
        c.num_attention_heads,
        kv_heads=c.groups,
        bias=c.attention_bias,
        out_bias=c.attention_bias,
        head_norm=lambda: c.head_norm(c.num_attention_heads),
        key_norm=lambda: c.head_norm(c.groups),
        rotary=rotary if c.uses_rope(layer) else None,
        rule=blocks.Rule.causal(c.window(layer), dropout=c.attention_dropout),
    )
    return blocks.ParallelBlock(
        attn, blocks.GatedFeedForward(c.hidden_size, c.intermediate_size, c.hidden_act, bias=False), norm, norm
    )


def trunk(c: CohereConfig) -> blocks.Trunk:
    """Build token embeddings, then parallel blocks whose heads turn neighbouring units together."""
    rotary = blocks.PairedRotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size),
        layers=[block(c, layer, rotary) for layer in range(c.num_hidden_layers)],
        norm=blocks.LayerNorm(c.hidden_size, c.layer_norm_eps, bias=False),
    )


def next_token(c: CohereConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, times a constant."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings, scale=c.logit_scale)


TRUNK = replace(LLAMA, rows={ours: row for ours, row in LLAMA.rows.items() if ours != "layers.{i}.ffn_norm"})
HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: DECODER_HEADS[Task.FEATURES],
    Task.CAUSAL_LM: HeadPlan(next_token, OUTPUT),
}

register(Architecture(("cohere",), "Cohere", CohereConfig, trunk, TRUNK, HEADS))
register(Architecture(("cohere2",), "Cohere2", Cohere2Config, trunk, TRUNK, HEADS))
