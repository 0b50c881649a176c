"""GPT (Radford et al., 2018, https://openai.com/research/language-unsupervised), the first of its line."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, Count, option, probability, size
from torso.config.hub_config import HubConfig, check_divides
from torso.models.decoders import DECODER_HEADS
from torso.models.gpt2 import BLOCK, MASKS, NEXT, SPELLINGS
from torso.weights.names import Names

ACTS = {"gelu": "gelu_new", "relu": "relu", "silu": "silu", "swish": "swish"}
"""The activations by the names of these configs: "gelu" has always been the one by tanh."""


class OpenAIGPTConfig(HubConfig):
    """The keys of a GPT ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "openai-gpt"
    aliases = SPELLINGS

    vocab_size: int = size(40478, "entries of the vocabulary", Axis("embed.tokens", 0))
    n_positions: int = size(512, "longest text, in tokens", Axis("embed.positions.table", 0))
    n_embd: int = size(768, "width of every hidden state", Axis("embed.tokens", 1))
    n_layer: int = size(12, "blocks of the trunk", Count("layers"))
    n_head: int = option(12, "heads that share the width", acts="run", least=1)
    afn: str = option(
        "gelu", "activation of the feed-forward; gelu is the one by tanh", acts="run", choices=tuple(ACTS)
    )
    resid_pdrop: float = probability(0.1, "dropout on what attention and feed-forward add")
    embd_pdrop: float = probability(0.1, "dropout on embeddings")
    attn_pdrop: float = probability(0.1, "dropout on attention weights")
    layer_norm_epsilon: float = option(1e-5, "added to the variance in every norm", acts="run", least=1e-20, most=1)

    def check(self) -> None:
        """Check that the heads share the width."""
        check_divides(self.n_embd, "n_embd", self.n_head, "n_head")

    @property
    def max_tokens(self) -> int:
        """The longest text the trunk takes, in tokens."""
        return self.n_positions


def trunk(c: OpenAIGPTConfig) -> blocks.Trunk:
    """Build token and position embeddings, then blocks that normalise after each residual sum."""
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
            blocks.PostNormBlock(
                attn=blocks.Attention(c.n_embd, c.n_head, rule=blocks.Rule.causal(dropout=c.attn_pdrop)),
                ffn=blocks.FeedForward(c.n_embd, 4 * c.n_embd, ACTS[c.afn]),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.resid_pdrop,
            )
            for _ in range(c.n_layer)
        ],
    )


TRUNK = Names(
    prefix=("transformer.", ""),
    rows={"embed.tokens": "tokens_embed", "embed.positions.table": "positions_embed", **BLOCK},
    unused=("position_ids", *MASKS),
)
HEADS = {Task.CAUSAL_LM: NEXT, **{task: DECODER_HEADS[task] for task in (Task.FEATURES, Task.SEQUENCE_CLASSIFICATION)}}

register(Architecture(("openai-gpt",), "OpenAIGPT", OpenAIGPTConfig, trunk, TRUNK, HEADS))
