"""OPT (Zhang et al., 2022, https://arxiv.org/abs/2205.01068) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.config_file import ALIASES
from torso.config.fields import ACTIVATIONS, Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.models.decoders import OUTPUT
from torso.weights.names import Names, cat

RESERVED = 2
"""Rows of the table of positions before position 0."""


class OPTConfig(HubConfig):
    """The keys of an OPT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "opt"
    aliases: ClassVar[Mapping[str, str]] = {**ALIASES, "init_std": "initializer_range"}

    vocab_size: int = size(50272, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("embed.positions.table", 1))
    num_hidden_layers: int = size(12, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(12, "heads that share the width", acts="run", least=1)
    ffn_dim: int = size(3072, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    activation_function: str = option("relu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    max_position_embeddings: int = option(2048, "longest text, in tokens", acts="shape", least=1, most=2**31)
    word_embed_proj_dim: int | None = option(None, "width of the embeddings; null: hidden_size", acts="shape", least=1)
    do_layer_norm_before: bool = option(
        True, "whether blocks normalise before each branch, or after each residual sum", acts="shape"
    )
    layer_norm_elementwise_affine: bool = option(True, "whether norms have weights", acts="shape")
    enable_bias: bool = option(True, "whether the projections of the blocks have a bias", acts="shape")
    _remove_final_layer_norm: bool = option(False, "whether the last norm is left out", acts="shape")
    dropout: float = probability(0.1, "dropout on what attention and feed-forward add")
    attention_dropout: float = probability(0.0, "dropout on attention weights")
    layerdrop: float = probability(0.0, "probability of leaving out a block")
    pad_token_id: int | None = option(1, "id of the padding token; torso packs texts and needs none", acts="none")
    bos_token_id: int | None = option(2, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(2, "id of the token that ends a text", acts="none")

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.hidden_size, "hidden_size", self.num_attention_heads, "num_attention_heads")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.max_position_embeddings

    @property
    def token_width(self) -> int:
        """Width of the embeddings of tokens, and of the last rows."""
        return self.word_embed_proj_dim or self.hidden_size

    @property
    def norms_last(self) -> bool:
        """Whether the rows of the last block are normed."""
        return self.do_layer_norm_before and not self._remove_final_layer_norm


def embeddings(c: OPTConfig) -> blocks.Embeddings:
    """Build token embeddings, projected to the blocks' width where theirs is another, and positions."""
    positions = blocks.LearnedPositions(c.max_position_embeddings + RESERVED, c.hidden_size, offset=RESERVED)
    project = (
        blocks.Identity() if c.token_width == c.hidden_size else blocks.Linear(c.token_width, c.hidden_size, bias=False)
    )
    return blocks.ProjectedTokens(c.vocab_size, c.token_width, positions=positions, project=project)


def trunk(c: OPTConfig) -> blocks.Trunk:
    """Build pre-norm blocks, or in one checkpoint post-norm; then a projection back to the embeddings' width."""
    norm = partial(blocks.LayerNorm, c.hidden_size, elementwise_affine=c.layer_norm_elementwise_affine)
    block = blocks.PreNormBlock if c.do_layer_norm_before else blocks.PostNormBlock
    rule = blocks.Rule.causal(dropout=c.attention_dropout)
    back = (
        blocks.Identity() if c.token_width == c.hidden_size else blocks.Linear(c.hidden_size, c.token_width, bias=False)
    )
    return blocks.Trunk(
        embed=embeddings(c),
        layers=[
            block(
                attn=blocks.Attention(
                    c.hidden_size, c.num_attention_heads, bias=c.enable_bias, out_bias=c.enable_bias, rule=rule
                ),
                ffn=blocks.FeedForward(c.hidden_size, c.ffn_dim, c.activation_function, bias=c.enable_bias),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.dropout,
            )
            for _ in range(c.num_hidden_layers)
        ],
        norm=blocks.Sequential(norm() if c.norms_last else blocks.Identity(), back),
        layer_dropout=c.layerdrop,
    )


TRUNK = Names(
    prefix=("model.decoder.", "decoder.", ""),
    rows={
        "embed.tokens": "embed_tokens",
        "embed.positions.table": "embed_positions",
        "embed.project": "project_in",
        "layers.{i}.attn_norm": "layers.{i}.self_attn_layer_norm",
        "layers.{i}.attn.qkv": cat("layers.{i}.self_attn", "q_proj", "k_proj", "v_proj"),
        "layers.{i}.attn.out": "layers.{i}.self_attn.out_proj",
        "layers.{i}.ffn_norm": "layers.{i}.final_layer_norm",
        "layers.{i}.ffn.up": "layers.{i}.fc1",
        "layers.{i}.ffn.down": "layers.{i}.fc2",
        "norm.0": "final_layer_norm",
        "norm.1": "project_out",
    },
)
HEADS: Mapping[Task[Any], HeadPlan[OPTConfig]] = {
    Task.FEATURES: HeadPlan(lambda c: blocks.FeatureHead(), prefix="decoder."),
    Task.CAUSAL_LM: HeadPlan(
        lambda c: blocks.VocabHead(c.token_width, c.vocab_size, tied=c.tie_word_embeddings), OUTPUT
    ),
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        lambda c: blocks.SequenceHead(c.token_width, c.labels, pool="last", bias=False), Names({"out": "score"})
    ),
    Task.QUESTION_ANSWERING: HeadPlan(lambda c: blocks.SpanHead(c.token_width), Names({"out": "qa_outputs"})),
}

register(Architecture(("opt",), "OPT", OPTConfig, trunk, TRUNK, HEADS))
