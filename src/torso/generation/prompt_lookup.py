"""Speculative decoding by prompt look-up: what followed the same tokens before is read ahead. Loads no torch.

After A. Saxena's Prompt Lookup Decoding (2023), as transformers' ``prompt_lookup_num_tokens``. There a guess is held to
what the model would choose; here the guess is only read, in one step with the token before it, and its scores wait for
that token to be chosen. A token's scores in the kernels do not depend on what is read beside it, so that no way of
choosing, drawing included, can tell the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from torso.errors import UnsupportedError
from torso.generation.compiled_texts import CompiledTexts
from torso.generation.generation_settings import GenerationSettings
from torso.generation.scores import Scores

_FIRST = 3
"""Tokens guessed at first, until a text shows how much of it repeats."""
_LONGEST = 16
"""Last tokens that are looked up at most: a longer run guesses no better, and every one of a prompt is kept."""


class TokenLookup:
    """What followed the last tokens of a text when they were there before.

    Args:
        most: tokens guessed at a time.
        longest: how many last tokens a guess must follow at most; beyond 16 it counts as 16.
    """

    def __init__(self, most: int, longest: int) -> None:
        self._most, self._longest, self._next = most, min(longest, _LONGEST), _FIRST
        self._ids: list[int] = []  # the source, the prompt and what is written
        self._places: dict[tuple[int, ...], int] = {}  # by the last tokens, where what followed them stands

    @classmethod
    def of(cls, settings: GenerationSettings) -> TokenLookup | None:
        """Return what looks up as settings say; None where they ask for no guesses."""
        most = settings.prompt_lookup_num_tokens if settings.num_beams == 1 else None
        return None if most is None else cls(most, settings.max_matching_ngram_size or 2)

    def add(self, tokens: Sequence[int]) -> None:
        """Append tokens."""
        for token in tokens:
            end = len(self._ids)
            for size in range(1, min(self._longest, end) + 1):
                self._places[tuple(self._ids[end - size :])] = end
            self._ids.append(token)

    def draft(self, limit: int) -> list[int]:
        """Return what followed the longest of the last tokens when they were there the last time; empty for none.

        Where that reaches the end of the text, it goes on as if it repeated itself.

        Args:
            limit: tokens at most.
        """
        most = min(self._most, self._next, limit)
        if most > 0:
            for size in range(min(self._longest, len(self._ids)), 0, -1):
                place = self._places.get(tuple(self._ids[-size:]))
                if place is not None:
                    followed = self._ids[place : place + most]
                    return (followed * (most // len(followed) + 1))[:most]
        return []

    def note(self, taken: int) -> None:
        """Record how many tokens of the last guess were chosen: the next one goes twice as far as it went well."""
        self._next = min(self._most, 2 * taken + 1)

    def copy(self) -> TokenLookup:
        """Return one that goes its own way."""
        made = TokenLookup(self._most, self._longest)
        made._next, made._ids, made._places = self._next, list(self._ids), dict(self._places)
        return made


def require_draft_verification(settings: GenerationSettings) -> None:
    """Refuse guesses that a call asks for, of a model that reads none ahead.

    Raises:
        UnsupportedError: ``E_NO_EFFECT``.
    """
    if settings.prompt_lookup_num_tokens is not None and settings.origin.get("prompt_lookup_num_tokens") == "you":
        raise UnsupportedError(
            "E_NO_EFFECT",
            "prompt_lookup_num_tokens has no effect where PyTorch writes: read together, tokens have other scores.",
            cure="Leave it out, or write with torso's kernels: model=torso.compiled_decoder(folder).",
        )


@dataclass(slots=True)
class _Text:
    """What is known of one text.

    Attributes:
        lookup: makes its guesses.
        drafted: tokens that were read and are not chosen yet.
        scores: [k, V] behind each of them.
        taken: how many of them were chosen.
    """

    lookup: TokenLookup
    drafted: list[int] = field(default_factory=list[int])
    scores: Scores = None
    taken: int = 0

    def copy(self) -> _Text:
        """Return a text that goes its own way."""
        return _Text(self.lookup.copy(), list(self.drafted), self.scores, self.taken)


class LookedUpTexts:
    """Texts in generation that read ahead; see `torso.generation.decode_loop.TextsDecoder`.

    Args:
        texts: reads them.
        lookup: makes the guesses of a text; each has its own copy.
        before: what each text may repeat beside itself, as its source; None for nothing.
    """

    def __init__(
        self, texts: CompiledTexts, lookup: TokenLookup, before: Sequence[Sequence[int]] | None = None
    ) -> None:
        self._inner = texts
        self._texts = [_Text(lookup.copy()) for _ in range(texts.count)]
        for text, source in zip(self._texts, before or (), strict=False):
            text.lookup.add(source)

    def read(self, tokens: Sequence[Sequence[int]]) -> Scores:
        """Run the new tokens of each text, one or more; return the scores [n, V] of the next token."""
        for number, (text, new) in enumerate(zip(self._texts, tokens, strict=True)):
            self._forget(number)
            text.lookup.add(new)
        return self._inner.read(tokens)

    def read_one(self, tokens: Sequence[int]) -> Scores:
        """Run one token of each text; return the scores [n, V] of the next token."""
        found: list[Scores] = [None] * len(tokens)
        needed: dict[int, list[int]] = {}
        for number, (text, token) in enumerate(zip(self._texts, tokens, strict=True)):
            text.lookup.add([token])
            if text.taken < len(text.drafted) and text.drafted[text.taken] == token:
                found[number] = text.scores[text.taken]
                text.taken += 1
            else:
                self._forget(number)
                needed[number] = [token, *text.lookup.draft(self._inner.left(number) - 1)]
        if needed:
            for number, scores in zip(needed, self._inner.verify(needed), strict=True):
                text = self._texts[number]
                found[number], text.drafted, text.scores, text.taken = scores[0], needed[number][1:], scores[1:], 0
        return found[0][None] if len(found) == 1 else np.stack(found)

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        self._inner.select(texts)
        self._texts = [self._texts[number].copy() for number in texts]

    def _forget(self, number: int) -> None:
        """Take back what was read of a text and not chosen."""
        text = self._texts[number]
        if text.drafted:
            self._inner.roll_back(number, len(text.drafted) - text.taken)
            text.lookup.note(text.taken)
        text.drafted, text.scores, text.taken = [], None, 0
