"""PEGASUS (Zhang et al., 2019, https://arxiv.org/abs/1912.08777): summaries."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import option
from torso.models.bart import FEATURES, TARGETS, TRUNK
from torso.models.seq2seq import Seq2SeqConfig, sides


class PegasusConfig(Seq2SeqConfig):
    """The keys of a PEGASUS ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "pegasus"

    decoder_start_token_id: int | None = option(0, "id of the token that a target begins with", acts="run", least=0)
    pad_token_id: int | None = option(
        0, "id of the padding token, whose embedding does not learn", acts="train", least=0
    )
    bos_token_id: int | None = option(None, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(1, "id of the token that ends a text", acts="none")


def trunk(c: PegasusConfig) -> blocks.EncoderDecoder:
    """Build embeddings with sinusoidal positions, then blocks that normalise before each branch, and a last norm."""
    encoder, decoder, shared = sides(
        c,
        blocks.PreNormBlock,
        blocks.PreNormCrossBlock,
        positions=partial(blocks.SinusoidalPositions, c.d_model),
        norm=partial(blocks.LayerNorm, c.d_model),
    )
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id, shared=shared)


TASKS = {Task.FEATURES: FEATURES, Task.SEQ2SEQ_LM: TARGETS}
register(Architecture(("pegasus",), "Pegasus", PegasusConfig, trunk, TRUNK, TASKS))
