"""Bounds checks of ids in settings against the vocabulary."""

from __future__ import annotations

from collections.abc import Container, Iterator

from torso.errors import InputError
from torso.generation.generation_settings import GenerationSettings, ids_of


def require_ids(settings: GenerationSettings, size: int, given: Container[str] | None = None) -> None:
    """Raise if an id that a call forces or bans is outside a vocabulary of ``size``.

    Args:
        settings: generation settings, those of files among them: they are held to what they change, not to this.
        size: V.
        given: names of the settings that the call gave; None for all.

    Raises:
        InputError: ``E_IDS``, with the setting and the id.
    """
    for name, number in _chosen(settings):
        if (given is None or name in given) and not 0 <= number < size:
            raise InputError(
                "E_IDS",
                "{name} holds {found}; the ids of this model end at {last}.",
                cure="Use ids of the tokenizer of this very model.",
                values=dict(name=name, found=number, last=size - 1),
            )


def _chosen(settings: GenerationSettings) -> Iterator[tuple[str, int]]:
    for name, ids in (
        ("forced_bos_token_id", ids_of(settings.forced_bos_token_id)),
        ("forced_eos_token_id", ids_of(settings.forced_eos_token_id)),
        ("suppress_tokens", settings.suppress_tokens or ()),
        ("begin_suppress_tokens", settings.begin_suppress_tokens or ()),
        *(("sequence_bias", ids) for ids, _ in settings.biases),
        *(("bad_words_ids", each) for each in settings.bad_words_ids or ()),
    ):
        yield from ((name, number) for number in ids)
