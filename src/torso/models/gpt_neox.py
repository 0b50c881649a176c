"""GPT-NeoX (Black et al., 2022, https://arxiv.org/abs/2204.06745), the block of Pythia too, and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import check_divides
from torso.config.rope import RotaryConfig
from torso.models.decoders import DECODER_HEADS, NAMED_CLASSIFIER
from torso.weights.names import Names, heads_interleaved


class GPTNeoXConfig(RotaryConfig):
    """The keys of a GPT-NeoX ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gpt_neox"

    vocab_size: int = size(50432, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(6144, "width of every hidden state", Axis("embed.tokens", 1))
    num_hidden_layers: int = size(44, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(64, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(24576, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    hidden_act: str = option("gelu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    rotary_pct: float = option(0.25, "share of a head's units that turn", acts="run", least=0.01, most=1)
    rotary_emb_base: float = option(10000.0, "base of the rotary angles", acts="run", least=1)
    rope_theta: float = option(10000.0, "repeats rotary_emb_base, which alone is read", acts="none")
    partial_rotary_factor: float = option(
        0.25, "repeats rotary_pct, which alone is read", acts="none", least=0.01, most=1
    )
    use_parallel_residual: bool = option(
        True, "whether the feed-forward reads what attention reads, or what it leaves", acts="run"
    )
    attention_bias: bool = option(True, "whether the projections of attention have a bias", acts="shape")
    layer_norm_eps: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    hidden_dropout: float = probability(0.0, "dropout on embeddings and on what attention and feed-forward add")
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    classifier_dropout: float = probability(0.1, "dropout before a head of labels")
    tie_word_embeddings: bool = option(False, "whether the token embeddings are the output matrix too", acts="shape")
    is_decoder: bool = option(False, "whether the blocks see earlier tokens only; these always do", acts="none")
    bos_token_id: int | None = option(0, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and the rotary parameters say what their type needs."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")
        super().check()

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.hidden_size // self.num_attention_heads

    def stated(self, kind: str | None) -> Mapping[str, Any]:
        """Return the file's RoPE parameters, under this family's older names if need be."""
        own = {"rope_theta": self.rotary_emb_base, "partial_rotary_factor": self.rotary_pct}
        return {**own, **super().stated(kind)}


def trunk(c: GPTNeoXConfig) -> blocks.Trunk:
    """Build token embeddings, then blocks with parallel branches and partial rotary positions."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    block = blocks.ParallelBlock if c.use_parallel_residual else blocks.PreNormBlock
    rope = c.rope()
    rotary = blocks.Rotary(int(c.head_size * rope["partial_rotary_factor"]), rope)
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, dropout=c.hidden_dropout),
        layers=[
            block(
                attn=blocks.Attention(
                    c.hidden_size,
                    c.num_attention_heads,
                    bias=c.attention_bias,
                    out_bias=c.attention_bias,
                    rotary=rotary,
                    rule=blocks.Rule.causal(dropout=c.attention_dropout),
                ),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout,
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=norm(),
    )


TRUNK = Names(
    prefix=("gpt_neox.", ""),
    rows={
        "embed.tokens": "embed_in",
        "layers.{i}.attn_norm": "layers.{i}.input_layernorm",
        "layers.{i}.attn.qkv": heads_interleaved("layers.{i}.attention.query_key_value"),
        "layers.{i}.attn.out": "layers.{i}.attention.dense",
        "layers.{i}.ffn_norm": "layers.{i}.post_attention_layernorm",
        "layers.{i}.ffn.up": "layers.{i}.mlp.dense_h_to_4h",
        "layers.{i}.ffn.down": "layers.{i}.mlp.dense_4h_to_h",
        "norm": "final_layer_norm",
    },
    unused=tuple(f"layers.{{i}}.attention.{each}" for each in ("bias", "masked_bias", "rotary_emb.inv_freq")),
)
OUTPUT = Names({"out": "embed_out"}, copies={"embed_out.weight": "trunk.embed.tokens.weight"})
HEADS = {
    **DECODER_HEADS,
    Task.CAUSAL_LM: replace(DECODER_HEADS[Task.CAUSAL_LM], names=OUTPUT),
    Task.TOKEN_CLASSIFICATION: NAMED_CLASSIFIER,
}

register(Architecture(("gpt_neox",), "GPTNeoX", GPTNeoXConfig, trunk, TRUNK, HEADS))
