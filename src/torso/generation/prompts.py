"""Prompts of generation: the decoder's first tokens, the encoder's input, the allowed length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.architecture import Task
from torso.errors import ConfigError, InputError, TooLongError
from torso.generation.generation_settings import GenerationSettings

if TYPE_CHECKING:
    from torso.generation.generative_model import GenerativeModel


@dataclass(frozen=True, slots=True)
class Prompt:
    """Prompt of one text.

    Attributes:
        ids: first tokens of the decoder; of an encoder-decoder its start token.
        source: input of the encoder; None without one.
        most: maximum number of new tokens.
    """

    ids: tuple[int, ...]
    source: tuple[int, ...] | None
    most: int


def prompts_of(
    model: GenerativeModel, texts: Iterable[Sequence[int]], settings: GenerationSettings
) -> Iterator[Prompt]:
    """Create the prompt of each text; new tokens are limited by the model's maximum length.

    Raises:
        TooLongError: ``E_TOO_LONG``, naming the prompt without room for a new token; before anything is run.
        InputError: ``E_EMPTY_TEXT``, for an empty prompt without a ``bos_token_id``.
        ConfigError: ``E_MAX_LENGTH``, for a prompt that fills all of max_length.
    """
    limit = model.max_tokens
    for index, text in enumerate(texts):
        ids = tuple(text) or (_first(settings.bos_token_id, index),)
        source: tuple[int, ...] | None = None
        if model.task is Task.SEQ2SEQ_LM:
            if limit is not None and len(ids) > limit:
                raise TooLongError(
                    "E_TOO_LONG",
                    "Text {index} is {size} tokens; this model takes {limit}. Nothing was run.",
                    cure='Shorten it; torso.translate and torso.summarise also read it in parts: long="window".',
                    values=dict(index=index, size=len(ids), limit=limit),
                )
            starts = (_start(settings.decoder_start_token_id, index), _start_of(model), settings.bos_token_id)
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


def _start_of(model: GenerativeModel) -> int | None:
    """Return the id that an encoder-decoder's targets begin with; None where its config names none."""
    trunk: Any = model.trunk  # a description, or a module that is built of one
    return trunk.start


def _start(stated: int | list[int] | None, index: int) -> int | None:
    """Return the start id of one text, where the settings name one id, or one for each text of a call."""
    if not isinstance(stated, list):
        return stated
    if index >= len(stated):
        raise ConfigError(
            "E_CONFIG",
            "decoder_start_token_id names {count} ids, one for each text of a call; text {index} has none.",
            cure="Name one id for all: settings={{'decoder_start_token_id': {first}}}.",
            values=dict(count=len(stated), index=index, first=next(iter(stated), 0)),
        )
    return stated[index]


def _first(begin: int | None, index: int) -> int:
    if begin is None:
        raise InputError(
            "E_EMPTY_TEXT",
            "Prompt {index} has no tokens, and this model has no token that begins a text.",
            cure="Write at least a word, or name the token: settings={{'bos_token_id': 0}}.",
            values=dict(index=index),
        )
    return begin
