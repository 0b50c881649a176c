"""mBART (https://arxiv.org/abs/2001.08210) and mBART-50 (https://arxiv.org/abs/2008.00401): BART in many languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, register
from torso.config.fields import option
from torso.models.bart import TASKS, TRUNK, BartConfig
from torso.models.seq2seq import Seq2SeqConfig, sides


class MBartConfig(BartConfig):
    """The keys of an mBART ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "mbart"
    unsaid: ClassVar[Mapping[int, str]] = Seq2SeqConfig.unsaid

    decoder_start_token_id: int | None = option(
        None, "id of the token that a target to be written begins with; null: its language", acts="run", least=0
    )


def trunk(c: MBartConfig) -> blocks.WrappedEncoderDecoder:
    """Build BART's embeddings, then blocks that normalise before each branch, and a last norm."""
    norm = partial(blocks.LayerNorm, c.d_model)
    encoder, decoder, shared = sides(
        c, blocks.PreNormBlock, blocks.PreNormCrossBlock, positions=c.positions, embed_norm=norm, norm=norm
    )
    return blocks.WrappedEncoderDecoder(encoder, decoder, start=c.decoder_start_token_id, shared=shared)


register(Architecture(("mbart",), "MBart", MBartConfig, trunk, TRUNK, TASKS))
