"""GPT-2 (Radford et al., 2019, https://openai.com/research/better-language-models) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.models.decoders import DECODER_HEADS, NAMED_CLASSIFIER
from torso.weights.names import Names, transposed

SPELLINGS: Mapping[str, str] = {
    **ALIASES,
    "hidden_size": "n_embd",
    "num_hidden_layers": "n_layer",
    "num_attention_heads": "n_head",
    "max_position_embeddings": "n_positions",
}


class GPT2Config(HubConfig):
    """The keys of a GPT-2 ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gpt2"
    aliases = SPELLINGS

    vocab_size: int = size(50257, "entries of the vocabulary", Axis("embed.tokens", 0))
    n_positions: int = size(1024, "longest text, in tokens", Axis("embed.positions.table", 0))
    n_embd: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    n_layer: int = size(12, "blocks of the trunk", Count("layers"))
    n_head: int = option(12, "heads that share the width", acts="run", least=1)
    n_inner: int | None = option(None, "width inside the feed-forward; null: four times n_embd", acts="shape", least=1)
    activation_function: str = option("gelu_new", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    resid_pdrop: float = probability(0.1, "dropout on what attention and feed-forward add")
    embd_pdrop: float = probability(0.1, "dropout on embeddings")
    attn_pdrop: float = probability(0.1, "dropout on attention weights")
    classifier_dropout: float | None = probability(None, "dropout before a head of labels; null is 0.1")
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    scale_attn_weights: bool = option(True, "whether scores are divided by the root of a head's width", acts="run")
    scale_attn_by_inverse_layer_idx: bool = option(
        False, "whether scores are divided by the block's number too, counted from 1", acts="run"
    )
    reorder_and_upcast_attn: bool = option(
        False, "whether transformers computes scores in float32 and in another order", acts="none"
    )
    bos_token_id: int | None = option(50256, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50256, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.n_embd, "n_embd", self.n_head, "n_head")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.n_positions

    def scale(self, layer: int) -> float:
        """Return the factor on a layer's scores."""
        root = (self.n_embd // self.n_head) ** -0.5 if self.scale_attn_weights else 1.0
        return root / (layer + 1) if self.scale_attn_by_inverse_layer_idx else root


def trunk(c: GPT2Config) -> blocks.Trunk:
    """Build token and position embeddings, then blocks that normalise before each branch."""
    norm = partial(blocks.LayerNorm, c.n_embd, c.layer_norm_epsilon)
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.n_embd,
            positions=blocks.LearnedPositions(c.n_positions, c.n_embd),
            dropout=c.embd_pdrop,
            segments_are_tokens=True,
        ),
        layers=[
            blocks.PreNormBlock(
                attn=blocks.Attention(
                    c.n_embd, c.n_head, rule=blocks.Rule.causal(scale=c.scale(layer), dropout=c.attn_pdrop)
                ),
                ffn=blocks.FeedForward(c.n_embd, c.n_inner or 4 * c.n_embd, c.activation_function),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.resid_pdrop,
            )
            for layer in range(c.n_layer)
        ],
        norm=norm(),
    )


BLOCK = {
    "layers.{i}.attn_norm": "h.{i}.ln_1",
    "layers.{i}.attn.qkv": transposed("h.{i}.attn.c_attn"),
    "layers.{i}.attn.out": transposed("h.{i}.attn.c_proj"),
    "layers.{i}.ffn_norm": "h.{i}.ln_2",
    "layers.{i}.ffn.up": transposed("h.{i}.mlp.c_fc"),
    "layers.{i}.ffn.down": transposed("h.{i}.mlp.c_proj"),
}
# Triangles of ones, which older files keep beside the weights.
MASKS = ("h.{i}.attn.bias", "h.{i}.attn.masked_bias")
TRUNK = Names(
    prefix=("transformer.", ""),
    rows={"embed.tokens": "wte", "embed.positions.table": "wpe", **BLOCK, "norm": "ln_f"},
    unused=MASKS,
)
NEXT = replace(DECODER_HEADS[Task.CAUSAL_LM], suffix="LMHeadModel")
HEADS = {**DECODER_HEADS, Task.CAUSAL_LM: NEXT, Task.TOKEN_CLASSIFICATION: NAMED_CLASSIFIER}

register(Architecture(("gpt2",), "GPT2", GPT2Config, trunk, TRUNK, HEADS))
