"""DeBERTa (He et al., 2020, https://arxiv.org/abs/2006.03654) and its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, fixed, option, probability, size
from torso.errors import UnsupportedError
from torso.models.encoders import FEATURES, PREDICTIONS, SPAN, TOKEN, EncoderConfig, masked_lm, masked_lm_names
from torso.weights.names import Names, heads_interleaved


class DebertaConfig(EncoderConfig):
    """The keys of a DeBERTa ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "deberta"

    vocab_size: int = size(50265, "entries of the vocabulary", Axis("embed.tokens", 0))
    hidden_size: int = size(768, "width of every hidden state", Axis("layers.0.ffn.up", 1))
    embedding_size: int | None = option(None, "width of the embeddings; null: hidden_size", acts="shape", least=1)
    type_vocab_size: int = option(
        0, "number of segment types; 0 for none", acts="shape", least=0, measures=Axis("embed.segments", 0)
    )
    layer_norm_eps: float = option(1e-7, "added to the variance in every norm", acts="run", least=1e-20, most=1)
    relative_attention: bool = option(False, "whether attention scores distances", acts="shape")
    max_relative_positions: int = option(
        -1, "distinct distances on each side; below 1: max_position_embeddings", acts="shape"
    )
    position_biased_input: bool = option(True, "whether positions are added to the embeddings", acts="shape")
    pos_att_type: list[str] | str | None = option(
        None, "which scores distances enter: c2p those of queries, p2c those of keys", acts="shape"
    )
    talking_head: bool = fixed(False, "whether heads are mixed before and after the softmax")
    pooler_dropout: float = probability(0.0, "dropout before the pooler")
    pooler_hidden_act: str = option("gelu", "activation of the pooler", acts="run", choices=ACTIVATIONS)
    pooler_hidden_size: int | None = option(None, "width of the pooler, which is hidden_size", acts="none")
    cls_dropout: float | None = probability(
        None, "dropout before the labels of whole texts; null takes hidden_dropout_prob"
    )
    legacy: bool = option(True, "whether the masked-LM head goes by BERT's names", acts="shape")
    pad_token_id: int | None = option(0, "id of the padding token; torso packs texts and needs none", acts="none")

    def check(self) -> None:
        """Check that the heads share the width, and the attention types are known."""
        super().check()
        strange = self.terms - {"c2p", "p2c"}
        if strange:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{name} is {value!r}, which torso does not have.",
                cure="It has: {known}.",
                values=dict(name="pos_att_type", value=sorted(strange)[0], known="c2p, p2c"),
            )

    @property
    def max_tokens(self) -> int | None:
        """The longest text that a table of positions takes; None where distances alone count."""
        return self.max_position_embeddings if self.position_biased_input else None

    @property
    def table_width(self) -> int:
        """Width of the embeddings, and of the output matrix that repeats them."""
        return self.embedding_size or self.hidden_size

    @property
    def terms(self) -> set[str]:
        """The scores that distances enter."""
        listed = self.pos_att_type or ()
        return {each.strip().lower() for each in (listed.split("|") if isinstance(listed, str) else listed)}

    @property
    def span(self) -> int:
        """Distances distinguished on each side."""
        return self.max_position_embeddings if self.max_relative_positions < 1 else self.max_relative_positions

    @property
    def met(self) -> dict[str, Any]:
        """Arguments of attention from the config, whatever its projections."""
        return dict(c2p="c2p" in self.terms, p2c="p2c" in self.terms, dropout=self.attention_probs_dropout_prob)


def stack(c: DebertaConfig, layers: Sequence[blocks.PostNormBlock], distances: blocks.Distances | None) -> blocks.Trunk:
    """Build blocks behind token embeddings, which positions and segments may join; widened before they are normed."""
    width = c.table_width
    widen = blocks.Identity() if width == c.hidden_size else blocks.Linear(width, c.hidden_size, bias=False)
    embed = blocks.Embeddings(
        c.vocab_size,
        width,
        positions=blocks.LearnedPositions(c.max_position_embeddings, width) if c.position_biased_input else None,
        segments=c.type_vocab_size,
        norm=blocks.Sequential(widen, blocks.LayerNorm(c.hidden_size, c.layer_norm_eps)),
        dropout=c.hidden_dropout_prob,
    )
    return blocks.Trunk(embed, layers, score_bias=distances)


def parts(c: DebertaConfig, attention: blocks.DisentangledAttention) -> dict[str, Any]:
    """Build the parts of a block."""
    norm = partial(blocks.LayerNorm, c.hidden_size, c.layer_norm_eps)
    ffn = blocks.FeedForward(c.hidden_size, c.intermediate_size, c.hidden_act)
    return dict(attn=attention, ffn=ffn, attn_norm=norm(), ffn_norm=norm(), dropout=c.hidden_dropout_prob)


def trunk(c: DebertaConfig) -> blocks.Trunk:
    """Build blocks of BERT with disentangled attention, in which keys have no bias."""
    width, heads, dropout = c.hidden_size, c.num_attention_heads, c.hidden_dropout_prob
    distances = blocks.Distances(width, c.span, dropout=dropout) if c.relative_attention else None
    attention = partial(blocks.DisentangledAttention, width, heads, distances, **c.met)
    shift = partial(blocks.Shift, width)
    each = range(c.num_hidden_layers)
    layers = [parts(c, attention(bias=False, place_key_bias=False, shift=shift)) for _ in each]
    return stack(c, [blocks.PostNormBlock(**layer) for layer in layers], distances)


ROWS = {
    "embed.tokens": "embeddings.word_embeddings",
    "embed.positions.table": "embeddings.position_embeddings",
    "embed.segments": "embeddings.token_type_embeddings",
    "embed.norm.0": "embeddings.embed_proj",
    "embed.norm.1": "embeddings.LayerNorm",
    "score_bias.table": "encoder.rel_embeddings",
    "layers.{i}.attn.out": "encoder.layer.{i}.attention.output.dense",
    "layers.{i}.attn_norm": "encoder.layer.{i}.attention.output.LayerNorm",
    "layers.{i}.ffn.up": "encoder.layer.{i}.intermediate.dense",
    "layers.{i}.ffn.down": "encoder.layer.{i}.output.dense",
    "layers.{i}.ffn_norm": "encoder.layer.{i}.output.LayerNorm",
}
# Files hold a table of positions whether or not it is read.
UNUSED = ("embeddings.position_embeddings", "embeddings.position_ids")
PREFIX = ("deberta.", "")
ATTENTION = "encoder.layer.{i}.attention.self"
TRUNK = Names(
    prefix=PREFIX,
    rows={
        **ROWS,
        "layers.{i}.attn.qkv": heads_interleaved(f"{ATTENTION}.in_proj"),
        "layers.{i}.attn.q_shift.bias": f"{ATTENTION}.q_bias",
        "layers.{i}.attn.v_shift.bias": f"{ATTENTION}.v_bias",
        "layers.{i}.attn.place_key": f"{ATTENTION}.pos_proj",
        "layers.{i}.attn.place_query": f"{ATTENTION}.pos_q_proj",
    },
    unused=UNUSED,
)


def pooled(c: DebertaConfig, labels: int) -> blocks.SequenceHead:
    """Build a head: logits from the first token, through a pooler."""
    mlp = blocks.Sequential(blocks.Dropout(c.pooler_dropout), blocks.Transform(c.hidden_size, c.pooler_hidden_act))
    dropout = c.hidden_dropout_prob if c.cls_dropout is None else c.cls_dropout
    return blocks.SequenceHead(c.hidden_size, labels, pool="first", mlp=mlp, dropout=dropout)


def vocabulary(c: DebertaConfig) -> blocks.VocabHead:
    """Build a head: logits over the vocabulary; what is not ``legacy`` goes by other names and is always tied."""
    if c.legacy:
        return masked_lm(c, c.hidden_act)
    norm = blocks.LayerNorm(c.hidden_size, c.layer_norm_eps)
    mlp = blocks.Sequential(blocks.Transform(c.hidden_size, c.hidden_act, norm=norm))
    return blocks.ShiftedVocabHead(c.hidden_size, c.vocab_size, mlp=mlp)


EARLIER = masked_lm_names(
    {"mlp.dense": f"{PREDICTIONS}.transform.dense", "mlp.norm": f"{PREDICTIONS}.transform.LayerNorm"},
    bias=f"{PREDICTIONS}.bias",
    decoder=f"{PREDICTIONS}.decoder",
)
LATER = "lm_predictions.lm_head"


# The published files hold the later names beside a config that says nothing and so means the earlier ones. Both are
# the same head.
INSTEAD = {
    f"{PREDICTIONS}.{earlier}": f"{LATER}.{later}"
    for earlier, later in {
        "transform.dense.weight": "dense.weight",
        "transform.dense.bias": "dense.bias",
        "transform.LayerNorm.weight": "LayerNorm.weight",
        "transform.LayerNorm.bias": "LayerNorm.bias",
        "bias": "bias",
    }.items()
}


POOLER = "pooler.dense"

HEADS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        lambda c: pooled(c, c.labels), Names({"mlp.1.dense": POOLER, "out": "classifier"})
    ),
    Task.TOKEN_CLASSIFICATION: TOKEN,
    Task.QUESTION_ANSWERING: SPAN,
    Task.MASKED_LM: HeadPlan(
        vocabulary,
        replace(
            EARLIER,
            rows={
                **EARLIER.rows,
                "mlp.0.dense": f"{LATER}.dense",
                "mlp.0.norm": f"{LATER}.LayerNorm",
                "shift.bias": f"{LATER}.bias",
            },
            instead={**EARLIER.instead, **INSTEAD},
        ),
    ),
}
CHOICE: HeadPlan[Any] = HeadPlan(
    lambda c: blocks.ChoiceHead(pooled(c, 1)), Names({"scorer.mlp.1.dense": POOLER, "scorer.out": "classifier"})
)


register(Architecture(("deberta",), "Deberta", DebertaConfig, trunk, TRUNK, HEADS, shares=True))
