"""What a chat template may come to: how often it loops, and how long a text it makes, checked before it is made."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, cast

STEPS = 200_000  # loops, calls and filters of one rendering
LENGTH = 2_000_000  # characters of what is rendered, and of every text on the way
BITS = 4_000  # of a number
_WIDTH = 1_000  # characters that a text is filled up to
# Filters and methods that take a width, or a number of parts.
_NAMES = "batch center format indent slice truncate wordwrap ljust rjust zfill expandtabs"
_WIDE = re.compile(r"%[-+ #0]*(\*|\d{5}|\d*\.(\*|\d{5}))|\{[^{}]*:[^{}]*(\d{5}|\{)")
_SIZED = frozenset(
    ["batch", "center", "format", "indent", "slice", "truncate", "wordwrap", "ljust", "rjust", "zfill", "expandtabs"]
)


class BudgetError(Exception):
    """A template loops too often, or makes too long a text."""


def check(amount: int, most: int = LENGTH) -> None:
    """Refuses more than ``most``."""
    if amount > most:
        raise BudgetError


def measured(value: Any) -> Any:
    """``value``, if it is not too long."""
    check(len(cast("str", value)) if isinstance(value, (str, bytes, list, tuple)) else 0)
    return cast("Any", value)


def as_text(value: Any) -> str:
    """``value`` as text, once it is known not to be too long."""
    if isinstance(value, str):
        return value
    counted(value)
    return str(value)


def counted(value: Any) -> None:
    """Refuses a value of too many parts: a list that holds itself twice, again and again, is short and yet endless."""
    waiting, parts, length = [value], 0, 0
    while waiting:
        part = waiting.pop()
        parts += 1
        check(parts, STEPS)
        if isinstance(part, str):
            length += len(part)
            check(length)
        elif isinstance(part, dict):
            table = cast("dict[Any, Any]", part)
            waiting += [*table.keys(), *table.values()]
        elif isinstance(part, (list, tuple, set)):
            waiting += list(cast("list[Any]", part))


def check_format(template: str) -> None:
    """Refuses a width, or a number of digits, that has five digits itself or is an argument."""
    if _WIDE.search(template):
        raise BudgetError


def checked_method(text: str, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a method of ``text`` whose result is not too long."""
    if name in _SIZED:
        for value in args:
            check(value if isinstance(value, int) else 0, _WIDTH)
    if name in ("format", "format_map"):
        check_format(text)
    if name == "replace" and len(args) > 1:
        old, new = str(args[0]), str(args[1])
        check(len(text) + text.count(old) * (len(new) - len(old)))
    if name == "join" and args:
        items = [str(item) for item in islice(args[0], STEPS)]
        check(sum(map(len, items)) + len(text) * len(items))
        return (items, *args[1:])
    return args
