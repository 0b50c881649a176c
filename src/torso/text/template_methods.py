"""Methods that a chat template may call on texts, lists and dicts; the size of each result is known in advance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from jinja2.sandbox import SandboxedEnvironment, SandboxedFormatter

from torso.text.budget import WIDTH, Budget, BudgetError

_CASES = frozenset(["capitalize", "casefold", "lower", "swapcase", "title", "upper"])
_CHECKS = frozenset(["isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower"])
_MORE_CHECKS = frozenset(["isnumeric", "isprintable", "isspace", "istitle", "isupper"])
_SEARCHES = frozenset(["count", "endswith", "find", "index", "removeprefix", "removesuffix", "startswith"])
_BACKWARDS = frozenset(["rfind", "rindex", "rpartition", "rsplit"])  # their worst case is the product of both lengths
_STRIPS = frozenset(["strip", "lstrip", "rstrip"])
_FILLS = frozenset(["center", "ljust", "rjust", "zfill"])
_OTHERS = frozenset(["format", "join", "partition", "replace", "split", "splitlines"])
TEXTS = _CASES | _CHECKS | _MORE_CHECKS | _SEARCHES | _BACKWARDS | _STRIPS | _FILLS | _OTHERS
LISTS = frozenset(["copy", "count", "index"])
TABLES = frozenset(["copy", "get", "items", "keys", "values"])
BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_SHORT = 100  # characters up to which a search compares at every place
_SEARCHED = 1_000  # comparisons of characters for one unit of work
_ESCAPED = 12  # characters that one can become in the text of a list, or where it is escaped
_SPECIFIER = re.compile(r"[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?[hlL]?(.?)", re.DOTALL)
_DIGITS = re.compile(r"\d+")


def lines(text: str) -> int:
    """Return the maximum number of lines of a text."""
    return 1 + sum(map(text.count, BREAKS))


def check_replaced(budget: Budget, text: str, old: str, new: str) -> None:
    """Check that replacing ``old`` with ``new`` is within the budget."""
    budget.charge(len(text) * min(len(old) + 1, _SHORT) // _SEARCHED)
    budget.require(characters=len(text) + text.count(old) * max(0, len(new) - len(old)))


def joined(budget: Budget, between: str, items: Iterable[Any], *, as_text: bool) -> str:
    """Return ``between.join(items)``; with ``as_text``, of anything that has a text."""
    parts: list[Any] = []
    length = 0
    for item in items:
        part = budget.text(item) if as_text else item
        length += len(between) + (len(part) if isinstance(part, str) else 0)
        budget.require(characters=length)
        budget.charge(1)
        parts.append(part)
    return str(budget.kept(between.join(parts)))


def formatted(budget: Budget, template: str, values: object) -> str:
    """Return ``template % values``."""
    places, widths = 0, 0
    begin = template.find("%")
    while begin >= 0:
        budget.charge(1)
        begin += 1
        if template[begin : begin + 1] == "(":
            begin = _behind_name(budget, template, begin)
        found = cast("re.Match[str]", _SPECIFIER.match(template, begin))
        if "*" in found.groups() or max(len(found[1]), len(found[2] or "")) > len(str(WIDTH)):
            raise BudgetError
        width, digits = int(found[1] or 0), int(found[2] or 0)
        if max(width, digits) > WIDTH:
            raise BudgetError
        places, widths = places + 1, widths + width + digits
        begin = template.find("%", found.end())
    size = budget.size(values)
    if not size.plain:
        budget.text(values)
    given = size.characters * (places if isinstance(values, Mapping) else min(places, 1))
    budget.step(len(template) + given, size.elements)
    budget.require(characters=len(template) + widths + given)
    return str(budget.kept(template % values))


def _behind_name(budget: Budget, template: str, begin: int) -> int:
    """Return the index after a parenthesised name, which may itself contain parentheses."""
    depth = 0
    for place in range(begin, len(template)):
        depth += {"(": 1, ")": -1}.get(template[place], 0)
        if not depth:
            budget.step(place - begin)
            return place + 1
    return len(template)


class _Formatter(SandboxedFormatter):
    """Formatter of ``str.format``, within a budget."""

    def __init__(self, environment: SandboxedEnvironment, budget: Budget) -> None:
        super().__init__(environment)
        self._budget, self._length = budget, 0

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Convert a field with ``!s``, ``!r`` or ``!a``."""
        size = self._budget.size(value)
        self._budget.step(size.characters, size.elements)
        if conversion is not None and size.plain:
            self._budget.require(characters=size.characters)
        elif not size.plain:
            self._budget.text(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Format a field to its width and precision."""
        self._budget.step(len(format_spec))
        if any(len(digits) > len(str(WIDTH)) or int(digits) > WIDTH for digits in _DIGITS.findall(format_spec)):
            raise BudgetError
        self._length += max(self._budget.size(value).characters, WIDTH if format_spec else 0)
        self._budget.require(characters=self._length)
        return super().format_field(value if isinstance(value, (int, float)) else self._budget.text(value), format_spec)


def formatted_by_method(
    budget: Budget, environment: SandboxedEnvironment, template: str, args: Sequence[Any], given: Mapping[str, Any]
) -> str:
    """Return ``template.format(*args, **given)``."""
    budget.step(4 * len(template))
    budget.require(parts=template.count("{") + template.count("}"))
    return str(budget.kept(_Formatter(environment, budget).vformat(template, args, given)))


def called(budget: Budget, owner: Any, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """Call a method of a text, list or dict.

    Raises:
        BudgetError: it would come to too much.
        Exception: whatever the method itself raises.
    """
    method = getattr(owner, name)
    values = (*args, *given.values())
    if isinstance(owner, str):
        return _of_text(budget, owner, name, method, values, args, given)
    size = budget.sizes(*values)
    if isinstance(owner, dict):
        budget.step(size.characters, size.elements)
        return budget.kept(method(*args, **given)) if name == "copy" else method(*args, **given)
    parts = budget.size(owner)
    budget.step(min(parts.characters, len(cast("list[Any]", owner)) * size.characters), 20 * parts.elements)
    return budget.kept(method(*args, **given)) if name == "copy" else method(*args, **given)


def _of_text(
    budget: Budget,
    text: str,
    name: str,
    method: Callable[..., Any],
    values: tuple[Any, ...],
    args: tuple[Any, ...],
    given: dict[str, Any],
) -> Any:
    texts = [value for value in values if isinstance(value, str)]
    longest = max(map(len, texts), default=0)
    size = budget.sizes(*values)
    budget.step(len(text) + size.characters, size.elements)
    if name == "join":
        return joined(budget, text, *args, as_text=False, **given)
    if name in _CASES:
        budget.require(characters=len(text), parts=len(text) // 64)
    elif name in _FILLS:
        if any(isinstance(value, int) and value > max(WIDTH, len(text)) for value in values):
            raise BudgetError
    elif name == "replace" and len(texts) == 2:
        check_replaced(budget, text, *texts)
    elif name in ("split", "rsplit"):
        separator = texts[0] if texts else None
        counts = [value for value in values if isinstance(value, int) and value >= 0]
        most = 1 + (text.count(separator) if separator else len(text) // 2)
        budget.require(parts=min([most, *(count + 1 for count in counts)]))
    elif name == "splitlines":
        budget.require(parts=lines(text))
    if name in _BACKWARDS or name in _STRIPS:
        budget.charge(len(text) * longest // _SEARCHED)
    else:
        budget.charge(len(text) * min(longest, _SHORT) // _SEARCHED)
    made = method(*args, **given)
    if isinstance(made, (list, tuple)):
        budget.keep(len(text) * 4 if not text.isascii() else len(text))
        return budget.kept(made, fresh=True)
    return budget.kept(made)
