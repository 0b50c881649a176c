"""DeBERTa 2 and 3 (https://arxiv.org/abs/2006.03654, https://arxiv.org/abs/2111.09543): one architecture."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import ACTIVATIONS, Axis, Count, option, size
from torso.errors import ConfigError
from torso.models.deberta import ATTENTION, CHOICE, HEADS, PREFIX, ROWS, UNUSED, DebertaConfig, parts, stack
from torso.weights.names import Names, cat


class DebertaV2Config(DebertaConfig):
    """The keys of a DeBERTa 2 or 3 ``config.json``."""

    model_type: ClassVar[str] = "deberta-v2"

    vocab_size: int = size(128100, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(1536, "width of every hidden state", Axis("layers.0.ffn.up", 1))
    num_hidden_layers: int = size(24, "blocks of the trunk", Count("layers"))
    num_attention_heads: int = option(24, "heads that share the width", acts="run", least=1)
    intermediate_size: int = size(6144, "width inside the feed-forward", Axis("layers.0.ffn.up", 0))
    attention_head_size: int | None = option(
        None, "width of a head; null: hidden_size / num_attention_heads", acts="shape", least=1
    )
    share_att_key: bool = option(
        False, "whether distances are projected as tokens are, by the same weights", acts="shape"
    )
    position_buckets: int = option(
        -1, "rows of distances on each side, coarser further off; below 1: none", acts="shape"
    )
    norm_rel_ebd: str = option("none", "norm of the rows of distances", acts="shape", choices=("none", "layer_norm"))
    conv_kernel_size: int = option(
        0, "tokens that the first block's convolution sees, odd; 0 for none", acts="shape", least=0
    )
    conv_groups: int = option(1, "groups of units that are convolved apart", acts="shape", least=1)
    conv_act: str = option("tanh", "activation of the convolution", acts="run", choices=ACTIVATIONS)

    def check(self) -> None:
        """Check that the convolution kernel is odd."""
        super().check()
        if self.conv_kernel_size and self.conv_kernel_size % 2 == 0:
            raise ConfigError(
                "E_CONFIG",
                "conv_kernel_size is {value}; a convolution with a middle is odd.",
                cure="Use an odd number; the published models have 3.",
                values=dict(value=self.conv_kernel_size),
            )


def distances(c: DebertaV2Config) -> blocks.Distances | None:
    """Build the rows of distances, in buckets if the config has them; None where tokens meet tokens alone."""
    if not c.relative_attention:
        return None
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps) if c.norm_rel_ebd == "layer_norm" else None
    if c.position_buckets < 1:
        return blocks.Distances(c.hidden_size, c.span, norm=norm, dropout=c.hidden_dropout_prob)
    return blocks.LogDistances(c.hidden_size, c.position_buckets, c.span, norm=norm, dropout=c.hidden_dropout_prob)


def convolved(c: DebertaV2Config, attention: blocks.DisentangledAttention) -> blocks.PostNormBlock:
    """Build a block whose rows are joined by a convolution of what it read."""
    conv = blocks.SequenceConvolution(c.hidden_size, c.conv_kernel_size, groups=c.conv_groups)
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps)
    return blocks.ConvolvedBlock(**parts(c, attention), conv=conv, conv_norm=norm, conv_act=c.conv_act)


def trunk(c: DebertaV2Config) -> blocks.Trunk:
    """Build blocks of BERT with disentangled attention; in some models the first one has a convolution beside it."""
    places = distances(c)
    kind = blocks.SharedDisentangledAttention if c.share_att_key else blocks.DisentangledAttention
    attention = partial(kind, c.hidden_size, c.num_attention_heads, places, head_size=c.attention_head_size, **c.met)
    first = convolved(c, attention()) if c.conv_kernel_size else blocks.PostNormBlock(**parts(c, attention()))
    rest = [blocks.PostNormBlock(**parts(c, attention())) for _ in range(c.num_hidden_layers - 1)]
    return stack(c, [first, *rest], places)


TRUNK = Names(
    prefix=PREFIX,
    rows={
        **ROWS,
        "score_bias.norm": "encoder.LayerNorm",
        "layers.{i}.attn.qkv": cat(ATTENTION, "query_proj", "key_proj", "value_proj"),
        "layers.{i}.attn.place_key": f"{ATTENTION}.pos_key_proj",
        "layers.{i}.attn.place_query": f"{ATTENTION}.pos_query_proj",
        "layers.0.conv.kernel": "encoder.conv.conv",
        "layers.0.conv_norm": "encoder.conv.LayerNorm",
    },
    unused=UNUSED,
)
HEADS_V2 = {**HEADS, Task.MULTIPLE_CHOICE: CHOICE}

register(Architecture(("deberta-v2",), "DebertaV2", DebertaV2Config, trunk, TRUNK, HEADS_V2, shares=True))
