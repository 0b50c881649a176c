"""Marian (https://arxiv.org/abs/1804.00344), the models of OPUS-MT: one pair of languages or groups of them each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from torso import blocks
from torso.architecture import Architecture, Task, register
from torso.config.fields import Axis, option, size
from torso.models.bart import FEATURES, TARGETS, TRUNK
from torso.models.seq2seq import Seq2SeqConfig, sides


class MarianConfig(Seq2SeqConfig):
    """The keys of a Marian ``config.json``, under the names the Hub gives them."""

    model_type: ClassVar[str] = "marian"

    vocab_size: int = size(58101, "entries of the vocabulary", Axis("shared", 0))
    decoder_vocab_size: int | None = option(
        None, "entries of the decoder's own vocabulary; null: as vocab_size", acts="shape", least=1
    )
    share_encoder_decoder_embeddings: bool = option(
        True, "whether encoder and decoder have one vocabulary and one table", acts="shape"
    )
    decoder_start_token_id: int | None = option(58100, "id of the token that a target begins with", acts="run", least=0)
    pad_token_id: int | None = option(
        58100, "id of the padding token, whose embedding does not learn", acts="train", least=0
    )
    bos_token_id: int | None = option(None, "id of the token that begins a text", acts="none")
    eos_token_id: int | list[int] | None = option(0, "id of the token that ends a text", acts="none")

    @property
    def targets(self) -> int:
        """Entries of the decoder's vocabulary: its own, or the one that both have."""
        own = None if self.share_encoder_decoder_embeddings else self.decoder_vocab_size
        return own or self.vocab_size

    @property
    def one_table(self) -> bool:
        """Whether both sides read the same table of tokens."""
        return self.share_encoder_decoder_embeddings and self.tie_word_embeddings


def trunk(c: MarianConfig) -> blocks.EncoderDecoder:
    """Build embeddings with sinusoidal positions, then blocks that normalise after each residual sum."""
    encoder, decoder, shared = sides(
        c, blocks.PostNormBlock, blocks.PostNormCrossBlock, positions=partial(blocks.SinusoidalPositions, c.d_model)
    )
    return blocks.EncoderDecoder(encoder, decoder, start=c.decoder_start_token_id, shared=shared)


TASKS = {Task.FEATURES: FEATURES, Task.SEQ2SEQ_LM: replace(TARGETS, suffix="MTModel")}
register(Architecture(("marian",), "Marian", MarianConfig, trunk, TRUNK, TASKS))
