"""Budget of one chat template rendering: work, memory and time, charged by the size of the values involved.

Work is counted in units of about a microsecond. Whatever enters an operation has a known size, its result is
known not to be too large before it is made, and no single operation takes longer than a fraction of a second, so that
the clock between operations bounds the whole.
"""

from __future__ import annotations

import sys
import time
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from itertools import chain
from typing import Any, NamedTuple, cast

from jinja2 import Undefined
from jinja2.exceptions import TemplateRuntimeError

WORK = 3_000_000  # units of one rendering
STEP = 10  # units of a loop, a call, a filter, a test or an operator
LENGTH = 2_000_000  # characters of what is rendered, and of every text on the way
ITEMS = 1_000_000  # elements of a list
MADE = 160 << 20  # bytes of all the values made on the way; none of them counts as freed
SECONDS = 2.5  # of this thread's processor time
BITS = 4_000  # of a number
WIDTH = 1_000  # characters that a text is padded to, parts it is split into, digits of a number's precision
DEPTH = 200  # lists in lists
_CHARACTERS, _ELEMENTS = 200, 20  # touched for one unit
_WATCHED = 10_000  # units between two looks at the clock
_ENTRY = 200  # bytes that a list takes beside its elements, with what is remembered of it
_FRESH = 64  # bytes of an element that was made for a list
_LARGE = 1 << 61  # numbers below have hashes of their own


class BudgetError(Exception):
    """Budget exceeded: a template loops too often, or makes too much."""


class Size(NamedTuple):
    """Size of a value, with everything in it counted as often as it occurs."""

    characters: int  # of its text, about
    elements: int
    depth: int
    plain: bool  # whether all of it is data


_SMALL = Size(24, 1, 0, True)
_OPAQUE = Size(1, 1, 0, False)
Container = list[Any] | tuple[Any, ...] | dict[Any, Any] | set[Any]
_VIEWS = (KeysView, ValuesView, ItemsView)


class Budget:
    """Remaining budget of one rendering.

    Raises:
        BudgetError: from every method, once there is not enough.
    """

    def __init__(self) -> None:
        self.work = WORK
        self.made = MADE
        self._until = time.thread_time() + SECONDS
        self._unwatched = _WATCHED
        # By identity: no list or dict changes while a template runs, and each is kept alive here.
        self._sizes: dict[int, tuple[object, Size]] = {}

    def step(self, characters: int = 0, elements: int = 0) -> None:
        """Charge one operation on values of that size."""
        self.charge(STEP + characters // _CHARACTERS + elements // _ELEMENTS)

    def charge(self, units: int) -> None:
        """Charge work."""
        self.work -= units
        self._unwatched -= units
        if self.work < 0:
            raise BudgetError
        if self._unwatched < 0:
            self._unwatched = _WATCHED
            if time.thread_time() > self._until:
                raise BudgetError

    def keep(self, amount: int) -> None:
        """Charge memory, in bytes."""
        self.made -= amount
        if self.made < 0:
            raise BudgetError

    def require(self, characters: int = 0, parts: int = 0) -> None:
        """Check that a text of so many characters, or a list of so many new items, may be made."""
        if characters > LENGTH or parts > ITEMS or parts * _FRESH > self.made:
            raise BudgetError

    def kept(self, value: Any, *, fresh: bool = False) -> Any:
        """Return ``value`` after charging its memory; with ``fresh``, that of its elements too."""
        if isinstance(value, str):
            self.require(characters=len(value))
            self.keep(sys.getsizeof(value))
        elif isinstance(value, (list, tuple, dict, set)):
            items = cast("Container", value)
            self.require(parts=len(items))
            self.keep(sys.getsizeof(items) + _ENTRY + (_FRESH * len(items) if fresh else 0))
        elif isinstance(value, int) and value.bit_length() > BITS:
            raise BudgetError
        return cast("Any", value)

    def size(self, value: object) -> Size:
        """Return the size of a value; shared contents are visited once."""
        if isinstance(value, str):
            return Size(len(value), 1, 0, True)
        if value is None or isinstance(value, (float, bool, Undefined)):
            return _SMALL
        if isinstance(value, int):
            return Size(2 + value.bit_length() // 3, 1, 0, True)
        if isinstance(value, (list, tuple, dict, set)):
            known = self._sizes.get(id(cast("object", value)))
            return known[1] if known else self._measured(cast("Container", value))
        if isinstance(value, range):
            return Size(64, len(value), 1, True)
        if isinstance(value, _VIEWS):
            return self._sum(_within(value))
        return _OPAQUE

    def sizes(self, *values: object) -> Size:
        """Return the total size of several values."""
        return self._sum(values)

    def text(self, value: Any) -> str:
        """Return ``value`` as text.

        Raises:
            TemplateRuntimeError: it is no data, such as a function.
        """
        if isinstance(value, str):
            return value
        size = self.size(value)
        if not size.plain:
            kind = getattr(value, "kind", type(value).__name__)
            raise TemplateRuntimeError(f"a value of type {kind!r} is, or holds, something that has no text")
        self.step(size.characters, _ELEMENTS * size.elements)
        self.require(characters=size.characters)
        return str(self.kept(str(value)))

    def hashed(self, keys: Iterable[object], count: int) -> None:
        """Charge keys that are hashed; numbers and tuples can be chosen so that all of them collide."""
        self.step(elements=count)
        colliding = 0
        for key in keys:
            if isinstance(key, str) or (isinstance(key, int) and -_LARGE < key < _LARGE):
                continue
            size = self.size(key)
            colliding += 1
            self.charge(colliding + size.characters // _CHARACTERS + size.elements)

    def _measured(self, value: Container) -> Size:
        waiting: list[Container] = [value]
        while waiting:
            top = waiting[-1]
            if id(top) in self._sizes:
                waiting.pop()
                continue
            self.charge(1 + len(top))
            unknown = [part for part in _within(top) if _is_container(part) and id(part) not in self._sizes]
            if unknown:
                waiting += cast("list[Container]", unknown)
                continue
            parts = self._sum(_within(top))
            size = Size(parts.characters + 4 * len(top) + 2, parts.elements + 1, parts.depth + 1, parts.plain)
            if size.depth > DEPTH:
                raise BudgetError
            self._sizes[id(top)] = (top, size)
            waiting.pop()
        return self._sizes[id(value)][1]

    def _sum(self, values: Iterable[object]) -> Size:
        characters = elements = depth = 0
        plain = True
        for value in values:
            if isinstance(value, str):
                characters += len(value)
                elements += 1
                continue
            size = self.size(value)
            characters += size.characters
            elements += size.elements
            depth = max(depth, size.depth)
            plain = plain and size.plain
        return Size(characters, elements, depth, plain)


def length(value: object) -> int:
    """Return the number of elements or characters of a value; 0 if it has no length."""
    return len(cast("list[Any]", value)) if isinstance(value, (str, list, tuple, dict, set, range)) else 0


def _is_container(value: object) -> bool:
    return isinstance(value, (list, tuple, dict, set))


def _within(value: Any) -> Iterator[object]:
    if isinstance(value, dict):
        table = cast("dict[object, object]", value)
        return chain(table.keys(), table.values())
    if isinstance(value, ItemsView):
        return chain.from_iterable(cast("ItemsView[object, object]", value))
    return iter(cast("Iterable[object]", value))


class Stream:
    """Lazy sequence of values, as filters such as ``map`` return: each is a step.

    Like the generators of Jinja's own, it is true, has no length, and can be read once.
    """

    def __init__(self, budget: Budget, source: object, items: Iterable[Any]) -> None:
        """Wrap ``items``, which are made from ``source``."""
        self.depth = source.depth + 1 if isinstance(source, Stream) else 1
        if self.depth > DEPTH:
            raise BudgetError
        self._budget, self._items = budget, iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._budget.charge(STEP)
        return next(self._items)
