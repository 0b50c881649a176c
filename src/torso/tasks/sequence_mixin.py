"""Mixin: a prediction that is a sequence of its parts. Loads no torch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

Part = TypeVar("Part", covariant=True)


class Several(Generic[Part]):
    """A prediction that iterates as its parts."""

    __slots__ = ()

    @property
    @abstractmethod
    def _parts(self) -> tuple[Part, ...]:
        """The parts, in order."""

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> Part:
        return self._parts[index]
