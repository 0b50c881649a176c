"""GPT-J (Wang and Komatsuzaki, 2021, https://github.com/kingoflolz/mesh-transformer-jax) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.errors import ConfigError
from torso.models.decoders import DECODER_HEADS, OUTPUT
from torso.models.gpt2 import MASKS, SPELLINGS
from torso.weights.names import Names, cat


class GPTJConfig(HubConfig):
    """The keys of a GPT-J ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "gptj"
    aliases = SPELLINGS

    vocab_size: int = size(50400, "entries of the vocabulary", Axis("embed.tokens", 0))
    n_positions: int = option(2048, "longest text the model was made for, in tokens", acts="run", least=1)
    n_embd: int = size(4096, "width of every hidden state", Axis("embed.tokens", 1))
    n_layer: int = size(28, "blocks of the trunk", Count("layers"))
    n_head: int = option(16, "heads that share the width", acts="run", least=1)
    rotary_dim: int = option(64, "units of each head that turn", acts="run", least=2)
    n_inner: int | None = option(None, "width inside the feed-forward; null: four times n_embd", acts="shape", least=1)
    activation_function: str = option("gelu_new", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    resid_pdrop: float = probability(0.0, "dropout on what attention and feed-forward add")
    embd_pdrop: float = probability(0.0, "dropout on embeddings")
    attn_pdrop: float = probability(0.0, "dropout on attention weights")
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    tie_word_embeddings: bool = option(False, "whether the token embeddings are the output matrix too", acts="shape")
    bos_token_id: int | None = option(50256, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(50256, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and have the units that turn.

        Raises:
            ConfigError: ``E_CONFIG``, if they do not.
        """
        check_divides(self.n_embd, "n_embd", self.n_head, "n_head")
        if self.rotary_dim % 2 or self.rotary_dim > self.head_size:
            raise ConfigError(
                "E_CONFIG",
                "rotary_dim is {rotary_dim}; it must be even and at most the width of a head, {size}.",
                cure="Give rotary_dim as in the original config.json; GPT-J's is 64.",
                values=dict(rotary_dim=self.rotary_dim, size=self.head_size),
            )

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.n_embd // self.n_head

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.n_positions


def block(c: GPTJConfig, rotary: blocks.Rotary) -> blocks.ParallelBlock:
    """Build a block whose branches share a norm."""
    norm = blocks.LayerNorm(c.n_embd, c.layer_norm_epsilon)
    attn = blocks.Attention(
        c.n_embd, c.n_head, bias=False, out_bias=False, rotary=rotary, rule=blocks.Rule.causal(dropout=c.attn_pdrop)
    )
    ffn = blocks.FeedForward(c.n_embd, c.n_inner or 4 * c.n_embd, c.activation_function)
    return blocks.ParallelBlock(attn, ffn, norm, norm, dropout=c.resid_pdrop)


def trunk(c: GPTJConfig) -> blocks.Trunk:
    """Build token embeddings, then parallel blocks whose heads turn some neighbouring units together."""
    rotary = blocks.PairedRotary(c.rotary_dim, {"rope_type": "default", "rope_theta": 10000.0})
    return blocks.Trunk(
        embed=blocks.Embeddings(c.vocab_size, c.n_embd, dropout=c.embd_pdrop, segments_are_tokens=True),
        layers=[block(c, rotary) for _ in range(c.n_layer)],
        norm=blocks.LayerNorm(c.n_embd, c.layer_norm_epsilon),
    )


TRUNK = Names(
    prefix=("transformer.", ""),
    rows={
        "embed.tokens": "wte",
        "layers.{i}.attn_norm": "h.{i}.ln_1",
        "layers.{i}.attn.qkv": cat("h.{i}.attn", "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.out": "h.{i}.attn.out_proj",
        "layers.{i}.ffn.up": "h.{i}.mlp.fc_in",
        "layers.{i}.ffn.down": "h.{i}.mlp.fc_out",
        "norm": "ln_f",
    },
    unused=(*MASKS, "h.{i}.attn.embed_positions"),
)


def next_token(c: GPTJConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary, with a bias."""
    return blocks.VocabHead(c.n_embd, c.vocab_size, tied=c.tie_word_embeddings, bias=True)


HEADS: Mapping[Task[Any], HeadPlan[Any]] = {
    **{task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.SEQUENCE_CLASSIFICATION, Task.QUESTION_ANSWERING)},
    Task.CAUSAL_LM: HeadPlan(next_token, replace(OUTPUT, rows={**OUTPUT.rows, "bias": "lm_head.bias"})),
}

register(Architecture(("gptj",), "GPTJ", GPTJConfig, trunk, TRUNK, HEADS))
