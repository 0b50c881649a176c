"""M2M-100 (https://arxiv.org/abs/2010.11125) and NLLB (https://arxiv.org/abs/2207.04672): translators."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from torso import blocks
from torso.architecture import Architecture, HeadPlan, Task, register
from torso.config.fields import ACTIVATIONS, Axis, option, probability, size
from torso.models.bart import FEATURES, TABLES, side_names
from torso.models.seq2seq import Seq2SeqConfig, sides
from torso.weights.names import Names


class M2M100Config(Seq2SeqConfig):
    """The keys of an M2M-100 or NLLB ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "m2m_100"

    vocab_size: int = size(128112, "entries of the vocabulary", Axis("shared", 0))
    activation_function: str = option("relu", "activation of the feed-forward", acts="run", choices=ACTIVATIONS)
    scale_embedding: bool = option(True, "whether token embeddings are scaled by the root of the width", acts="run")
    attention_dropout: float = probability(0.1, "dropout on attention weights")
    encoder_layerdrop: float = probability(0.05, "probability of leaving out a block of the encoder")
    decoder_layerdrop: float = probability(0.05, "probability of leaving out a block of the decoder")
    pad_token_id: int = option(
        1,
        "id of the padding token, whose embedding does not learn; positions count from behind it",
        acts="run",
        least=0,
    )

    def positions(self) -> blocks.UnpaddedSinusoids:
        """Build sines and cosines of positions, the first of which is that behind the padding token's id."""
        return blocks.UnpaddedSinusoids(self.d_model, offset=self.pad_token_id + 1, padding=self.pad_token_id)


def trunk(c: M2M100Config) -> blocks.EncoderDecoder:
    """Build embeddings with computed positions, then blocks that normalise before each branch, and a last norm."""
    norm = partial(blocks.LayerNorm, c.d_model)
    encoder, decoder, shared = sides(c, blocks.PreNormBlock, blocks.PreNormCrossBlock, positions=c.positions, norm=norm)
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id, shared=shared)


COMPUTED = tuple(f"{side}.embed_positions" for side in ("encoder", "decoder"))
TRUNK = Names(
    prefix=("model.", ""),
    rows={
        "shared": "shared",
        **{
            ours: row
            for side in ("encoder", "decoder")
            for ours, row in side_names(side).items()
            if not ours.endswith(("positions.table", "embed.norm"))
        },
    },
    unused=("shared", "encoder.version", "decoder.version", *COMPUTED),
    copies={f"{side}.embed_tokens.weight": f"trunk.{side}.embed.tokens.weight" for side in ("encoder", "decoder")},
    instead={"shared.weight": TABLES[1], TABLES[1]: "shared.weight", TABLES[2]: "shared.weight"},
)
TASKS: dict[Task[Any], HeadPlan[Any]] = {
    Task.FEATURES: FEATURES,
    Task.SEQ2SEQ_LM: HeadPlan(
        lambda c: blocks.VocabHead(c.d_model, c.vocab_size, tied=c.tie_word_embeddings),
        Names({"out": "lm_head"}, copies={"lm_head.weight": "trunk.decoder.embed.tokens.weight"}),
    ),
}

register(Architecture(("m2m_100",), "M2M100", M2M100Config, trunk, TRUNK, TASKS))
