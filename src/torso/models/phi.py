"""Phi 1, 1.5 and 2 (https://arxiv.org/abs/2306.11644): both branches of a block read one norm of its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.models.decoders import OUTPUT, SPANLESS_HEADS, LayerNormDecoderConfig
from torso.weights.names import Names, cat


class PhiConfig(LayerNormDecoderConfig):
    """The keys of a Phi ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "phi"

    vocab_size: int = size(51200, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(2048, "width of every hidden state", Axis("embed.tokens", 1))
    intermediate_size: int = size(8192, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    hidden_act: str = option("gelu_new", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    partial_rotary_factor: float = option(0.5, "share of a head's units that turn", acts="run", least=0, most=1)
    qk_layernorm: bool = option(False, "whether each head's queries and keys are normed", acts="shape")
    embd_pdrop: float = probability(0.0, "dropout on embeddings")
    resid_pdrop: float = probability(0.0, "dropout on what attention and feed-forward add")
    bos_token_id: int | None = option(1, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def head_norm(self) -> blocks.LayerNorm | blocks.Identity:
        """Build the norm of each head's queries, and of its keys."""
        return blocks.LayerNorm(self.head_size, self.layer_norm_eps) if self.qk_layernorm else blocks.Identity()


def block(c: PhiConfig, rotary: blocks.Rotary) -> blocks.ParallelBlock:
    """Build a block whose branches share a norm."""
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps)
    attn = blocks.Attention(
        c.hidden_size,
        c.num_attention_heads,
        kv_heads=c.groups,
        head_norm=c.head_norm,
        rotary=rotary,
        rule=blocks.Rule.causal(dropout=c.attention_dropout),
    )
    ffn = blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act)
    return blocks.ParallelBlock(attn, ffn, norm, norm, dropout=c.resid_pdrop)


def trunk(c: PhiConfig) -> blocks.Trunk:
    """Build token embeddings, then parallel blocks with partial rotary positions."""
    rotary = blocks.Rotary(c.rotary_size, c.rope())
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.hidden_size, dropout=c.embd_pdrop),
        layers=[block(c, rotary) for _ in range(c.num_hidden_layers)],
        norm=blocks.LayerNorm(c.hidden_size, c.layer_norm_eps),
    )


TRUNK = Names(
    prefix=("model.", ""),
    rows={
        "embed.tokens": "embed_tokens",
        "layers.{i}.attn_norm": "layers.{i}.input_layernorm",
        "layers.{i}.attn.qkv": cat("layers.{i}.self_attn", "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.q_norm": "layers.{i}.self_attn.q_layernorm",
        "layers.{i}.attn.k_norm": "layers.{i}.self_attn.k_layernorm",
        "layers.{i}.attn.out": "layers.{i}.self_attn.dense",
        "layers.{i}.ffn.up": "layers.{i}.mlp.fc1",
        "layers.{i}.ffn.down": "layers.{i}.mlp.fc2",
        "norm": "final_layernorm",
    },
    unused=("layers.{i}.self_attn.rotary_emb.inv_freq",),
)


def next_token(c: PhiConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, with a bias."""
    return blocks.VocabHead(c.hidden_size, c.vocab_size, tied=c.tie_word_embeddings, bias=True)


HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    **SPANLESS_HEADS,
    Task.CAUSAL_LM: HeadPlan(next_token, replace(OUTPUT, rows={**OUTPUT.rows, "bias": "lm_head.bias"})),
}

register(Architecture(("phi",), "Phi", PhiConfig, trunk, TRUNK, HEADS))
