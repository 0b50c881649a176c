"""Training examples: tokenized texts with their labels, small and on the host."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torso.text import Encoding


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids and segments of one text or pair: what a batch is packed of.

    Attributes:
        ids: indices into the vocabulary.
        segments: token types, 0 or 1 each.
    """

    ids: Sequence[int]
    segments: Sequence[int]

    @classmethod
    def of(cls, encoding: Encoding) -> Tokens:
        """Return the ids and segments of an encoding, 5 bytes for each token."""
        return cls(array("i", encoding.ids), array("b", encoding.segments))

    @classmethod
    def plain(cls, ids: Sequence[int]) -> Tokens:
        """Return the tokens of ids, all of segment 0."""
        return cls(array("i", ids), array("b", bytes(len(ids))))

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn from.

    Attributes:
        inputs: its texts: one for most tasks, one for each alternative of multiple choice, the anchor and what it is
            compared with for embeddings, source and target for encoder-decoders.
        label: of the form that the objective takes.
        row: number of the row in the data, from 1; 0 if unknown.
        extra: what evaluation needs to know of it, such as the text.
    """

    inputs: tuple[Tokens, ...]
    label: Any
    row: int = 0
    extra: Any = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Number of tokens of all its texts."""
        return sum(len(each) for each in self.inputs)
