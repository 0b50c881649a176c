"""mT5 (https://arxiv.org/abs/2010.11934): T5 1.1 in a hundred languages."""

from __future__ import annotations

from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, Count, option, size
from torso.models.t5 import FEEDS, TASKS, TRUNK, T5Config, trunk


class MT5Config(T5Config):
    """The keys of an mT5 ``config.json``."""

    model_type: ClassVar[str] = "mt5"

    vocab_size: int = size(250112, "entries of the vocabulary", Axis("encoder.embed.tokens", 0))
    d_ff: int = size(1024, "width inside the feed-forward", Axis("encoder.layers.0.ffn.down", 1))
    num_layers: int = size(8, "blocks of the encoder", Count("encoder.layers"))
    num_heads: int = size(6, "heads of attention", Axis("encoder.score_bias.table", 1))
    feed_forward_proj: str = option(
        "gated-gelu", "activation of the feed-forward, gated or not", acts="shape", choices=FEEDS
    )


def vocabulary(c: MT5Config) -> blocks.VocabHead:
    """Build what a target says next; never rescaled."""
    return blocks.VocabHead(c.d_model, c.vocab_size, tied=c.tie_word_embeddings)


HEADS = {**TASKS, Task.SEQ2SEQ_LM: HeadPlan(vocabulary, TASKS[Task.SEQ2SEQ_LM].names)}
register(Architecture(("mt5",), "MT5", MT5Config, trunk, TRUNK, HEADS))
