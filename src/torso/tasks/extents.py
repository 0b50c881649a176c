"""How much of a text a prediction was made from. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a text, or of a pair, was read.

    Attributes:
        tokens: of the whole text, special ones included.
        read: how many of them were read: fewer where the text was cut.
        windows: in how many pieces it was read.
        merge: the rule that made one result of the pieces'; empty where there is one piece.
        span: the characters of the text that were read, of a pair's those of the text that was cut; None for all.
    """

    tokens: int
    read: int
    windows: int = 1
    merge: str = ""
    span: tuple[int, int] | None = None

    @property
    def truncated(self) -> bool:
        """Whether a part of the text was not read."""
        return self.read < self.tokens


class Measured:
    """A prediction that knows how much of its text it was made from."""

    __slots__ = ()

    extent: Extent

    @property
    def truncated(self) -> bool:
        """Whether a part of the text was not read."""
        return self.extent.truncated
