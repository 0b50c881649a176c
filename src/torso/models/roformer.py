"""RoFormer (https://arxiv.org/abs/2104.09864), where rotary positions come from: BERT's block around them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import Axis, fixed, option, size
from torso.models import bert
from torso.models.encoders import BERT_HEADS, FEATURES, FIRST_TOKEN, EncoderConfig, first_token


class RoFormerConfig(EncoderConfig):
    """The keys of a RoFormer ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "roformer"

    vocab_size: int = size(50000, "entries of the vocabulary", Axis("embed.tokens", 0))
    embedding_size: int | None = option(
        None, "width of the embeddings, before they are projected; null: hidden_size", acts="shape", least=1
    )
    hidden_size: int = size(768, "width of every hidden state", Axis("layers.0.attn.out", 0))
    max_position_embeddings: int = option(1536, "longest text the model was made for, in tokens", acts="run", least=1)
    type_vocab_size: int = size(2, "segments: first and second text", Axis("embed.segments", 0))
    rotary_value: bool = fixed(False, "whether values turn with their positions too")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    @property
    def table_width(self) -> int:
        """Width of the embeddings, and of the output matrix that repeats them."""
        return self.embedding_size or self.hidden_size


def trunk(c: RoFormerConfig) -> blocks.Trunk:
    """Build token and segment embeddings, then blocks whose heads turn neighbouring units together."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    rule = blocks.Rule(dropout=c.attention_probs_dropout_prob)
    rotary = blocks.PairedRotary(
        c.hidden_size // c.num_attention_heads, {"rope_type": "default", "rope_theta": 10000.0}
    )
    return blocks.Trunk(
        embed=blocks.Embeddings(
            c.vocab_size,
            c.table_width,
            segments=c.type_vocab_size,
            norm=blocks.LayerNorm(c.table_width, c.layer_norm_eps),
            dropout=c.hidden_dropout_prob,
            project=blocks.Linear(c.table_width, c.hidden_size) if c.table_width != c.hidden_size else None,
        ),
        layers=[
            blocks.PostNormBlock(
                attn=blocks.Attention(c.hidden_size, c.num_attention_heads, rotary=rotary, rule=rule),
                ffn=blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act),
                attn_norm=norm(),
                ffn_norm=norm(),
                dropout=c.hidden_dropout_prob,
            )
            for _ in range(c.num_hidden_layers)
        ],
    )


TRUNK = replace(
    bert.TRUNK,
    prefix=("roformer.", ""),
    rows={
        **{ours: row for ours, row in bert.TRUNK.rows.items() if ours != "embed.positions.table"},
        "embed.project": "embeddings_project",
    },
    # Sines and cosines, which are computed here.
    unused=("encoder.embed_positions", "pooler.dense"),
)
# Its multiple choice reads the last column of a padded batch, which is no token of shorter alternatives: left out.
HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(lambda c: first_token(c, c.hidden_act), FIRST_TOKEN),
    **{task: BERT_HEADS[task] for task in (Task.TOKEN_CLASSIFICATION, Task.QUESTION_ANSWERING, Task.MASKED_LM)},
}

register(Architecture(("roformer",), "RoFormer", RoFormerConfig, trunk, TRUNK, HEADS))
