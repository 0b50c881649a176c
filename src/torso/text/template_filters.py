"""Filters and tests of chat templates: Jinja's own, each charged for its inputs before it runs.

Filters for pages of HTML and for printing are absent: some of them take a time that nothing bounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.tests import TESTS

from torso.text.budget import WIDTH, Budget, BudgetError, Stream, length
from torso.text.template_methods import check_replaced, formatted, joined, lines

Before = Callable[..., Any]
_COMPARED = 20  # an element that is compared or written takes as long as this many that are passed over
_NUMERAL = 1_000  # characters of a text that is read as a number
_KINDS = (
    "defined undefined none boolean false true integer float string mapping number sequence iterable callable sameas "
    "escaped"
)  # tests that look at no more than the type
_JINJA = cast("dict[str, Callable[..., Any]]", FILTERS)


class Filters:
    """Filters and tests of one rendering.

    Args:
        budget: what they are charged to.
        adding: adds two values of the template's.
    """

    def __init__(self, budget: Budget, adding: Callable[[Any, Any], Any]) -> None:
        self._budget, self._adding = budget, adding

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        table: dict[str, Callable[..., Any]] = {}
        for name in ("default", "d", "first", "last", "length", "count", "attr", "random", "abs"):
            table[name] = self._used(name, self._same, self._unchanged)
        for name in ("map", "select", "reject", "selectattr", "rejectattr", "items"):
            table[name] = self._used(name, self._extra, self._streamed)
        for name in ("batch", "slice"):
            table[name] = self._used(name, self._parts, self._streamed)
        for name in ("capitalize", "lower", "upper", "title", "trim", "string", "escape", "e", "forceescape", "safe"):
            table[name] = self._used(name, self._text, self._kept)
        for name in ("sort", "groupby", "dictsort"):
            table[name] = self._used(name, self._ordered, self._fresh)
        for name in ("min", "max"):
            table[name] = self._used(name, self._ordered, self._unchanged)
        table |= {
            "list": self._used("list", self._elements, self._fresh),
            "reverse": self._used("reverse", self._elements, self._reversed),
            "wordcount": self._used("wordcount", self._words, self._unchanged),
            "center": self._used("center", self._filled, self._kept),
            "truncate": self._used("truncate", self._cut, self._kept),
            "indent": self._used("indent", self._indented, self._kept),
            "replace": self._used("replace", self._replaced, self._kept),
            "urlencode": self._used("urlencode", self._data, self._kept),
            "int": self._used("int", self._numeral, self._kept),
            "float": self._used("float", self._numeral, self._kept),
            "round": self._used("round", self._rounded, self._kept),
            "filesizeformat": self._used("filesizeformat", self._numeral, self._kept),
        }
        own = {"join": self._join, "format": self._format, "sum": self._sum, "tojson": self._json}
        return table | own | {"unique": self._unique}

    def tests(self) -> dict[str, Callable[..., Any]]:
        """Return the tests by name."""
        return {name: call if name in _KINDS.split() else self._tested(call) for name, call in TESTS.items()}

    def _used(self, name: str, before: Before, after: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        call = _JINJA[name]
        passing = getattr(call, "jinja_pass_arg", None)

        @pass_context
        def used(context: Context, value: Any, *args: Any, **given: Any) -> Any:
            self._budget.step()
            ready = before(value, *args, **given)
            scopes = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
            scope = () if passing is None else (scopes[passing.name],)
            return after(value, call(*scope, ready, *args, **given))

        return used

    def _tested(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def used(*args: Any, **given: Any) -> Any:
            size = self._budget.sizes(*args, *given.values())
            self._budget.step(size.characters, _COMPARED * size.elements)
            return call(*args, **given)

        return used

    # -- what becomes of a result --------------------------------------------------------------------------------------

    def _unchanged(self, _value: Any, made: Any) -> Any:
        return made

    def _kept(self, _value: Any, made: Any) -> Any:
        return self._budget.kept(made)

    def _fresh(self, _value: Any, made: Any) -> Any:
        return self._budget.kept(made, fresh=True)

    def _streamed(self, value: Any, made: Any) -> Any:
        return Stream(self._budget, value, made)

    def _reversed(self, value: Any, made: Any) -> Any:
        return self._budget.kept(made) if isinstance(made, (str, list)) else Stream(self._budget, value, made)

    # -- what is charged before ----------------------------------------------------------------------------------------

    def _same(self, value: Any, *args: Any, **given: Any) -> Any:
        self._extra(value, *args, **given)
        return value

    def _extra(self, value: Any, *args: Any, **given: Any) -> Any:
        size = self._budget.sizes(*args, *given.values())
        self._budget.step(size.characters, size.elements)
        return value

    def _parts(self, value: Any, number: Any = 1, fill_with: Any = None) -> Any:
        self._within(number)
        return self._elements(value)

    def _text(self, value: Any, *args: Any, **given: Any) -> str:
        text = self._budget.text(value)
        self._extra(text, *args, **given)
        longest = max((len(each) for each in (*args, *given.values()) if isinstance(each, str)), default=0)
        self._budget.step(len(text) + len(text) * longest // 5)
        self._budget.require(parts=len(text) // 16)
        return text

    def _words(self, value: Any) -> str:
        text = self._text(value)
        self._budget.require(parts=len(text) // 2)
        return text

    def _data(self, value: Any) -> Any:
        size = self._budget.size(value)
        self._budget.step(_COMPARED * size.characters, _COMPARED * size.elements)
        self._budget.require(characters=size.characters, parts=size.elements)
        return value if size.plain else self._budget.text(value)

    def _elements(self, value: Any, *args: Any) -> Any:
        self._extra(value, *args)
        count = length(value)
        self._budget.step(elements=count)
        self._budget.require(parts=count)
        return value

    def _ordered(self, value: Any, *args: Any, **given: Any) -> Any:
        items = list(value) if isinstance(value, Stream) else value
        self._extra(items, *args, **given)
        size = self._budget.size(items)
        rounds = max(1, size.elements.bit_length())
        self._budget.step(size.characters * rounds, _COMPARED * size.elements * rounds)
        self._budget.require(parts=length(items))
        return cast("Any", items)

    def _filled(self, value: Any, width: Any = 80) -> str:
        self._within(width)
        return self._text(value)

    def _cut(self, value: Any, *args: Any, **given: Any) -> str:
        return self._text(value, *args, **given)

    def _indented(self, value: Any, width: Any = 4, first: Any = False, blank: Any = False) -> str:
        text = self._text(value)
        self._within(len(width) if isinstance(width, str) else width)
        count = lines(text)
        self._budget.require(characters=len(text) + count * (len(width) if isinstance(width, str) else int(width)))
        self._budget.require(parts=2 * count)
        return text

    def _replaced(self, value: Any, old: Any, new: Any, count: Any = None) -> str:
        text = self._text(value)
        check_replaced(self._budget, text, self._budget.text(old), self._budget.text(new))
        return text

    def _numeral(self, value: Any, *args: Any, **given: Any) -> Any:
        self._extra(value, *args, **given)
        if isinstance(value, str) and len(value) > _NUMERAL:
            raise BudgetError
        return cast("Any", value)

    def _rounded(self, value: Any, precision: Any = 0, method: Any = "common") -> Any:
        self._within(precision)
        return value

    def _within(self, number: Any) -> None:
        if isinstance(number, int) and abs(number) > WIDTH:
            raise BudgetError

    # -- filters of our own, which give what Jinja's give --------------------------------------------------------------

    @pass_context
    def _join(self, context: Context, value: Any, d: Any = "", attribute: Any = None) -> str:
        self._budget.step()
        return joined(self._budget, self._budget.text(d), self._attributes(context, value, attribute), as_text=True)

    @pass_context
    def _unique(self, context: Context, value: Any, case_sensitive: Any = False, attribute: Any = None) -> Stream:
        items = self._ordered(value, attribute)
        items = items if isinstance(items, str) else list(cast("Iterable[Any]", items))
        if not isinstance(items, str):
            self._budget.hashed(self._attributes(context, items, attribute), len(items))
        return Stream(self._budget, value, _JINJA["unique"](context.environment, items, case_sensitive, attribute))

    def _attributes(self, context: Context, value: Any, attribute: Any) -> Iterable[Any]:
        return value if attribute is None else _JINJA["map"](context, value, attribute=attribute)

    def _format(self, value: Any, *args: Any, **given: Any) -> str:
        self._budget.step()
        if args and given:
            return cast("str", _JINJA["format"](value, *args, **given))
        return formatted(self._budget, self._budget.text(value), given or args)

    @pass_context
    def _sum(self, context: Context, value: Any, attribute: Any = None, start: Any = 0) -> Any:
        self._budget.step()
        if isinstance(start, str):
            raise TypeError("sum() can't sum strings")
        total = start
        for item in self._attributes(context, value, attribute):
            total = self._adding(total, item)
        return total

    def _json(
        self,
        value: Any,
        ensure_ascii: Any = False,
        indent: Any = None,
        separators: Any = None,
        sort_keys: Any = False,
    ) -> str:
        self._within(len(indent) if isinstance(indent, str) else indent)
        size = self._budget.size(value)
        self._budget.step(5 * size.characters, 2 * _COMPARED * size.elements)
        self._budget.require(characters=size.characters)
        if not size.plain:
            self._budget.text(value)
        encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
        parts: list[str] = []
        count = 0
        for part in encoder.iterencode(value):
            count += len(part)
            self._budget.require(characters=count)
            parts.append(part)
        return str(self._budget.kept("".join(parts)))
