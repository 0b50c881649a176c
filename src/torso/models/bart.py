"""BART (Lewis et al., 2019, https://arxiv.org/abs/1910.13461) and its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import probability
from torso.models.seq2seq import Seq2SeqConfig, sides
from torso.weights.names import Names, Row, cat


class BartConfig(Seq2SeqConfig):
    """The keys of a BART ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "bart"
    # transformers takes labels that are left unsaid to be three, which is not what it leaves unsaid.
    unsaid: ClassVar[Mapping[int, str]] = {}

    classifier_dropout: float = probability(0.0, "dropout before a head of labels")

    def positions(self) -> blocks.LearnedPositions:
        """Build a table of positions; the first two of its rows are never read."""
        return blocks.LearnedPositions(self.max_position_embeddings + 2, self.d_model, offset=2)


def trunk(c: BartConfig) -> blocks.EncoderDecoder:
    """Build normed embeddings with learned positions, then blocks that normalise after each residual sum."""
    encoder, decoder, shared = sides(
        c,
        blocks.PostNormBlock,
        blocks.PostNormCrossBlock,
        positions=c.positions,
        embed_norm=partial(blocks.LayerNorm, c.d_model),
    )
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id, shared=shared)


def side_names(side: str) -> dict[str, str | Row]:
    """Return names of one side."""
    block = f"{side}.layers.{{i}}"
    return {
        f"{side}.embed.tokens": f"{side}.embed_tokens",
        f"{side}.embed.positions.table": f"{side}.embed_positions",
        f"{side}.embed.norm": f"{side}.layernorm_embedding",
        f"{block}.attn.qkv": cat(f"{block}.self_attn", "q_proj", "k_proj", "v_proj"),
        f"{block}.attn.out": f"{block}.self_attn.out_proj",
        f"{block}.attn_norm": f"{block}.self_attn_layer_norm",
        f"{block}.cross.q": f"{block}.encoder_attn.q_proj",
        f"{block}.cross.kv": cat(f"{block}.encoder_attn", "k_proj", "v_proj"),
        f"{block}.cross.out": f"{block}.encoder_attn.out_proj",
        f"{block}.cross_norm": f"{block}.encoder_attn_layer_norm",
        f"{block}.ffn.up": f"{block}.fc1",
        f"{block}.ffn.down": f"{block}.fc2",
        f"{block}.ffn_norm": f"{block}.final_layer_norm",
        f"{side}.norm": f"{side}.layer_norm",
    }


TABLES = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
TRUNK = Names(
    prefix=("model.", ""),
    rows={"shared": "shared", **side_names("encoder"), **side_names("decoder")},
    # With tables of their own, the shared one is written and never read; computed positions are written too.
    unused=("shared", "encoder.version", "decoder.version", "encoder.embed_positions", "decoder.embed_positions"),
    copies={f"{side}.embed_tokens.weight": f"trunk.{side}.embed.tokens.weight" for side in ("encoder", "decoder")},
    instead={"shared.weight": TABLES[1], TABLES[1]: "shared.weight", TABLES[2]: "shared.weight"},
)


def vocabulary(c: Seq2SeqConfig) -> blocks.VocabHead:
    """Build what a target says next."""
    return blocks.VocabHead(c.d_model, c.targets, tied=c.tie_word_embeddings, offset=True)


def sequence(c: BartConfig) -> blocks.SequenceHead:
    """Build a head: logits from the last token of the decoder, which reads the text itself."""
    mlp = blocks.Sequential(blocks.Dropout(c.classifier_dropout), blocks.Transform(c.d_model, "tanh"))
    return blocks.SequenceHead(c.d_model, c.labels, pool="last", mlp=mlp, dropout=c.classifier_dropout)


FEATURES: HeadPlan[Any] = HeadPlan(lambda c: blocks.FeatureHead())
TARGETS: HeadPlan[Any] = HeadPlan(
    vocabulary,
    Names(
        {"out": "lm_head", "offset": "final_logits_bias"},
        copies={"lm_head.weight": "trunk.decoder.embed.tokens.weight"},
        optional=("offset",),
    ),
)
TASKS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQ2SEQ_LM: TARGETS,
    Task.SEQUENCE_CLASSIFICATION: HeadPlan(
        sequence, Names({"mlp.1.dense": "classification_head.dense", "out": "classification_head.out_proj"})
    ),
    Task.QUESTION_ANSWERING: HeadPlan(lambda c: blocks.SpanHead(c.d_model), Names({"out": "qa_outputs"})),
}

register(Architecture(("bart",), "Bart", BartConfig, trunk, TRUNK, TASKS))
