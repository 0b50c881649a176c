"""Toy: a small decoder that no library has. All that an architecture needs is in this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.weights.names import Names, cat


class ToyConfig(HubConfig):
    """The keys of a toy's ``config.json``."""

    model_type: ClassVar[str] = "toy"

    vocab_size: int = size(50, "entries of the vocabulary", Axis("embed.tokens", 0))
    n_embd: int = size(16, "width of every hidden state", Axis("embed.tokens", 1))
    n_layer: int = size(2, "blocks of the trunk", Count("layers"))
    n_head: int = option(4, "query heads", acts="run", least=1)
    n_group: int = option(2, "key and value heads", acts="shape", least=1)
    n_inner: int = size(24, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    window: int = option(3, "tokens that a token sees, itself included", acts="run", least=1)
    drop: float = probability(0.0, "dropout on attention weights")

    def check(self) -> None:
        """The groups share the heads evenly."""
        check_divides(self.n_head, "n_head", self.n_group, "n_group")


@dataclass(frozen=True, eq=False)
class ParallelBlock(blocks.Part):
    """Attention and feed-forward side by side: x + f(norm(x)) + g(norm(x))."""

    # What it computes is in a file of its own, so that this one loads without torch.
    implementation: ClassVar[str] = f"{__package__}.toy_modules.ParallelBlock"

    norm: blocks.Part
    attn: blocks.Part
    ffn: blocks.Part

    def children(self) -> Mapping[str, blocks.Part | None]:
        """List norm and branches."""
        return {"norm": self.norm, "attn": self.attn, "ffn": self.ffn}


def block(c: ToyConfig) -> ParallelBlock:
    """Describe a block whose tokens see a window."""
    rule = blocks.Rule.causal(c.window, dropout=c.drop)
    return ParallelBlock(
        norm=blocks.LayerNorm(c.n_embd, bias=False),
        attn=blocks.Attention(c.n_embd, c.n_head, kv_heads=c.n_group, bias=False, out_bias=False, rule=rule),
        ffn=blocks.FeedForward(c.n_embd, c.n_inner, "silu", bias=False),
    )


def trunk(c: ToyConfig) -> blocks.Trunk:
    """Token embeddings and parallel blocks; where a token stands is known from the window alone."""
    embed = blocks.Embeddings(c.vocab_size, c.n_embd)
    return blocks.Trunk(embed, [block(c) for _ in range(c.n_layer)], norm=blocks.LayerNorm(c.n_embd, bias=False))


register(
    Architecture(
        model_types=("toy", "toy2"),
        family="Toy",
        config=ToyConfig,
        trunk=trunk,
        names=Names(
            prefix=("toy.", ""),
            rows={
                "embed.tokens": "wte",
                "layers.{i}.norm": "h.{i}.ln",
                "layers.{i}.attn.qkv": cat("h.{i}.attn", "q", "k", "v"),
                "layers.{i}.attn.out": "h.{i}.attn.o",
                "layers.{i}.ffn.up": "h.{i}.mlp.up",
                "layers.{i}.ffn.down": "h.{i}.mlp.down",
                "norm": "ln_f",
            },
        ),
        tasks={
            Task.FEATURES: HeadPlan(lambda c: blocks.FeatureHead()),
            Task.CAUSAL_LM: HeadPlan(
                lambda c: blocks.VocabHead(c.n_embd, c.vocab_size, tied=c.tie_word_embeddings),
                Names({"out": "lm_head"}, copies={"lm_head.weight": "trunk.embed.tokens.weight"}),
            ),
            Task.SEQUENCE_CLASSIFICATION: HeadPlan(
                lambda c: blocks.SequenceHead(c.n_embd, c.labels, pool="last", bias=False), Names({"out": "score"})
            ),
        },
    )
)
