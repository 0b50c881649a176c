"""Texts whose cached keys may become invalid as they grow: some rotary scalings follow the length. Loads no torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from torso.config.hub_config import HubConfig


class RescaledTexts:
    """Tokens of n texts, kept to be run again where a text outgrows its cache; nothing is kept where none can.

    Args:
        config: of the model.
        texts: number of texts.
    """

    def __init__(self, config: HubConfig, texts: int) -> None:
        self._config = config
        self._texts: list[list[int]] | None = None if config.reads_on(1, sys.maxsize) else [[] for _ in range(texts)]

    @property
    def kept(self) -> bool:
        """Whether tokens are kept."""
        return self._texts is not None

    def add(self, tokens: Sequence[Sequence[int]]) -> tuple[Sequence[Sequence[int]], bool]:
        """Add the new tokens of each text; return those to run, and whether they are all, for a new cache."""
        if self._texts is None:
            return tokens, False
        before = self._texts
        self._texts = [[*text, *new] for text, new in zip(before, tokens, strict=True)]
        grown = zip(before, self._texts, strict=True)
        if all(not old or self._config.reads_on(len(old), len(text)) for old, text in grown):
            return tokens, False
        return self._texts, True

    def select(self, texts: Sequence[int]) -> None:
        """Reorder the texts; one may be dropped or repeated."""
        self._texts = None if self._texts is None else [self._texts[n] for n in texts]
