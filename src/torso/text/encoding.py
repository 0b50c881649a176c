"""Encoding of one text or pair: token ids, and the origin of each token."""

from __future__ import annotations

from dataclasses import dataclass

from torso.io.arguments import checked_calls


@checked_calls
@dataclass(frozen=True, slots=True)
class Encoding:
    """Tokens of one text or pair, without padding. All lists have one item per token.

    Attributes:
        ids: indices into the vocabulary.
        segments: segment ids (token types): 0, and 1 for a second text and what follows it.
        spans: start and end in characters of the *original* text the token comes from, unknown tokens included, so
            that ``text[start:end]`` is what was read; (0, 0) for tokens the tokenizer added. In a pair, each text
            counts its own characters; of given words, each word does.
        tokens: the vocabulary's entries, such as ``##ing``.
        special: whether the tokenizer added the token around the texts.
        words: index of the word the token belongs to, as the tokenizer or the caller split the text; None if special.
        sequence: 0 for the first text, 1 for the second, None if special.
    """

    ids: list[int]
    segments: list[int]
    spans: list[tuple[int, int]]
    tokens: list[str]
    special: list[bool]
    words: list[int | None]
    sequence: list[int | None]

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)
