"""Tokens of a text as rows: each with its id, and the characters that it comes from. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from torso.text import Encoding


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token.

    Attributes:
        index: its place, from 0.
        token: the vocabulary's entry, such as ``##ing``.
        id: its row in the table of embeddings.
        start: first character of its text that it comes from.
        end: one past the last character.
        piece: those characters; empty for a token that the tokenizer added.
        special: whether the tokenizer added it around the texts.
        sequence: 0 for the first text, 1 for the second, None if special.
        segment: its segment id (token type).
    """

    index: int
    token: str
    id: int
    start: int
    end: int
    piece: str
    special: bool
    sequence: int | None
    segment: int

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return asdict(self)


def token_rows(encoding: Encoding, text: str, pair: str | None = None) -> tuple[TokenRow, ...]:
    """Return a row for each token of an encoding.

    Args:
        encoding: of ``text``, or of ``text`` and ``pair``.
        text: the first text.
        pair: the second text.
    """
    return tuple(_rows(encoding, text, pair))


def _rows(encoding: Encoding, text: str, pair: str | None) -> Iterator[TokenRow]:
    for index, (token, number) in enumerate(zip(encoding.tokens, encoding.ids, strict=True)):
        start, end = encoding.spans[index]
        sequence, special = encoding.sequence[index], encoding.special[index]
        source = (pair or "") if sequence == 1 else text
        piece = "" if special else source[start:end]
        yield TokenRow(index, token, number, start, end, piece, special, sequence, encoding.segments[index])
