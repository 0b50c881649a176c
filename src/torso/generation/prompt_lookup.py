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

from torso.generation.compiled_texts import CompiledTexts
from torso.generation.scores import Scores

_FIRST = 3
"""Tokens guessed at first, until a text shows how much of it repeats."""


@dataclass(slots=True)
class _Text:
    """What is known of one text.

    Attributes:
        ids: the source, the prompt and what is written.
        places: by the last tokens, one or more, where what followed them stands.
        ahead: tokens that were read and are not chosen yet.
        scores: [k, V] behind each of them.
        taken: how many of them were chosen.
        most: tokens to guess next.
    """

    ids: list[int]
    places: dict[tuple[int, ...], int] = field(default_factory=dict[tuple[int, ...], int])
    ahead: list[int] = field(default_factory=list[int])
    scores: Scores = None
    taken: int = 0
    most: int = _FIRST

    def add(self, tokens: Sequence[int], longest: int) -> None:
        """Append tokens."""
        for token in tokens:
            end = len(self.ids)
            for size in range(1, min(longest, end) + 1):
                self.places[tuple(self.ids[end - size :])] = end
            self.ids.append(token)

    def guess(self, longest: int, most: int) -> list[int]:
        """Return what followed the longest of the last tokens when they were there the last time; empty for none.

        Where that reaches the end of the text, it goes on as if it repeated itself.
        """
        for size in range(min(longest, len(self.ids)), 0, -1):
            place = self.places.get(tuple(self.ids[-size:]))
            if place is not None:
                followed = self.ids[place : place + most]
                return (followed * (most // len(followed) + 1))[:most]
        return []

    def copy(self) -> _Text:
        """Return a text that goes its own way."""
        return _Text(list(self.ids), dict(self.places), list(self.ahead), self.scores, self.taken, self.most)


class LookedUpTexts:
    """Texts in generation that read ahead; see `torso.generation.decode_loop.TextsDecoder`.

    Args:
        texts: reads them.
        most: tokens guessed at a time.
        longest: how many last tokens a guess must follow at most.
        before: what each text may repeat beside itself, as its source; None for nothing.
    """

    def __init__(
        self, texts: CompiledTexts, most: int, longest: int, before: Sequence[Sequence[int]] | None = None
    ) -> None:
        self._inner, self._most, self._longest = texts, most, longest
        self._texts = [_Text([]) for _ in range(texts.count)]
        for text, source in zip(self._texts, before or (), strict=False):
            text.add(source, longest)

    def read(self, tokens: Sequence[Sequence[int]]) -> Scores:
        """Run the new tokens of each text, one or more; return the scores [n, V] of the next token."""
        for number, (text, new) in enumerate(zip(self._texts, tokens, strict=True)):
            self._forget(number)
            text.add(new, self._longest)
        return self._inner.read(tokens)

    def read_one(self, tokens: Sequence[int]) -> Scores:
        """Run one token of each text; return the scores [n, V] of the next token."""
        found: list[Scores] = [None] * len(tokens)
        needed: dict[int, list[int]] = {}
        for number, (text, token) in enumerate(zip(self._texts, tokens, strict=True)):
            text.add([token], self._longest)
            if text.taken < len(text.ahead) and text.ahead[text.taken] == token:
                found[number] = text.scores[text.taken]
                text.taken += 1
            else:
                self._forget(number)
                most = min(self._most, text.most, self._inner.left(number) - 1)
                needed[number] = [token, *(text.guess(self._longest, most) if most > 0 else ())]
        if needed:
            for number, scores in zip(needed, self._inner.read_ahead(needed), strict=True):
                text = self._texts[number]
                found[number], text.ahead, text.scores, text.taken = scores[0], needed[number][1:], scores[1:], 0
        return found[0][None] if len(found) == 1 else np.stack(found)

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        self._inner.select(texts)
        self._texts = [self._texts[number].copy() for number in texts]

    def _forget(self, number: int) -> None:
        """Take back what was read of a text and not chosen; guess twice as far as it went well."""
        text = self._texts[number]
        if text.ahead:
            self._inner.take_back(number, len(text.ahead) - text.taken)
            text.most = min(self._most, 2 * text.taken + 1)
        text.ahead, text.scores, text.taken = [], None, 0
