"""What is read before the first token is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torso.errors import ConfigError, InputError, TooLongError
from torso.generation.generation_settings import GenerationSettings
from torso.model import Model
from torso.nn.trunk import EncoderDecoder
from torso.outputs import VocabLogits


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a text is the continuation of.

    Attributes:
        ids: what the decoder reads first; behind an encoder its start token.
        source: what the encoder reads, if there is one.
        most: tokens that may be written.
    """

    ids: tuple[int, ...]
    source: tuple[int, ...] | None
    most: int


def prompts_of(
    model: Model[VocabLogits], texts: Iterable[Sequence[int]], settings: GenerationSettings
) -> Iterator[Prompt]:
    """What is read first of each text, and how much may be written: all that fits the model's length, at most.

    Raises:
        TooLongError: ``E_TOO_LONG``, naming the prompt that leaves no room; before anything is run.
        InputError: ``E_EMPTY_TEXT``, for a prompt without a token where no token stands for one.
        ConfigError: ``E_MAX_LENGTH``, for a prompt that fills all of max_length.
    """
    limit = model.max_tokens
    for index, text in enumerate(texts):
        ids = tuple(text) or (_first(settings.bos_token_id, index),)
        source: tuple[int, ...] | None = None
        if isinstance(model.trunk, EncoderDecoder):
            if limit is not None and len(ids) > limit:
                raise TooLongError(
                    "E_TOO_LONG",
                    "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.",
                    cure='Shorten it; torso.translate and torso.summarise also read it in parts: long="window".',
                    values=dict(index=index, size=len(ids), limit=limit),
                )
            starts = (settings.decoder_start_token_id, model.trunk.start, settings.bos_token_id)
            source, ids = ids, (_first(next((each for each in starts if each is not None), None), index),)
        elif limit is not None and len(ids) >= limit:
            raise TooLongError(
                "E_TOO_LONG",
                "Prompt {index} is {size} tokens; this model takes {limit}, its own text included. Nothing was run.",
                cure="Shorten the prompt.",
                values=dict(index=index, size=len(ids), limit=limit),
            )
        most = settings.most_new(len(ids))
        if most < 1:
            raise ConfigError(
                "E_MAX_LENGTH",
                "Prompt {index} is {size} tokens, and max_length is {limit}: nothing may be written.",
                cure="Say how much to write instead: max_new_tokens=100 (--max-new-tokens 100).",
                values=dict(index=index, size=len(ids), limit=settings.max_length),
            )
        yield Prompt(ids, source, most if limit is None else min(most, limit - len(ids)))


def _first(begin: int | None, index: int) -> int:
    if begin is None:
        raise InputError(
            "E_EMPTY_TEXT",
            "Prompt {index} has no tokens, and this model has no token that begins a text.",
            cure="Write at least a word, or name the token: settings={{'bos_token_id': 0}}.",
            values=dict(index=index),
        )
    return begin
