"""Values of chat templates beside texts, lists and dicts, and their allowed attributes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from jinja2 import TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from torso.text import template_methods as methods
from torso.text.budget import Budget


class RefusedError(TemplateError):
    """Error raised by a template itself: it cannot take these messages."""


class Scope(Namespace):
    """Jinja namespace, without names that begin with an underscore."""

    def __init__(*args: Any, **given: Any) -> None:
        values = dict(*args[1:], **given)
        for name in values:
            _refuse_hidden(name)
        Namespace.__init__(args[0], values)

    def __setitem__(self, name: str, value: Any) -> None:
        _refuse_hidden(name)
        super().__setitem__(name, value)


def _refuse_hidden(name: object) -> None:
    if str(name).startswith("_"):
        raise SecurityError(f"a namespace takes no name that begins with an underscore: {name!r}")


class Tables:
    """Constructor of dicts; the type itself is not exposed."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __call__(self, *args: Any, **given: Any) -> dict[Any, Any]:
        """Build a dict, as the type does."""
        if len(args) != 1:
            return dict(*args, **given)
        first = args[0]
        items: Any = cast("Any", first) if isinstance(first, dict) else dict(self._pairs(first))
        self._budget.step(elements=len(items))
        return self._budget.kept(dict(items, **given), fresh=True)

    def fromkeys(self, keys: Iterable[Any], value: Any = None) -> dict[Any, Any]:
        """Build a dict of ``keys``, all with ``value``."""
        known = list(keys)
        self._budget.hashed(known, len(known))
        return self._budget.kept(dict.fromkeys(known, value), fresh=True)

    def _pairs(self, items: Iterable[Any]) -> list[tuple[Any, Any]]:
        pairs: list[tuple[Any, Any]] = []
        for item in items:
            self._budget.charge(1)
            key, value = item
            pairs.append((key, value))
        self._budget.hashed([key for key, _ in pairs], len(pairs))
        return pairs


class Format:
    """``format`` method of a text."""

    def __init__(self, sandbox: SandboxedEnvironment, budget: Budget, template: str) -> None:
        self._sandbox, self._budget, self._template = sandbox, budget, template

    def __call__(self, *args: Any, **given: Any) -> str:
        """Fill in the fields of the text."""
        return methods.formatted_by_method(self._budget, self._sandbox, self._template, args, given)


ATTRIBUTES: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (str, methods.TEXTS),
    (dict, methods.TABLES),
    ((list, tuple), methods.LISTS | {"grouper", "list"}),
    (
        LoopContext,
        frozenset(["index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"])
        | {"cycle", "changed", "previtem", "nextitem"},
    ),
    (Cycler, frozenset(["current", "next", "reset"])),
    (Macro, frozenset(["name", "arguments", "catch_kwargs", "catch_varargs", "caller"])),
    (Tables, frozenset(["fromkeys"])),
    (range, frozenset(["start", "stop", "step"])),
)
CALLABLE = (Format, BlockReference, Cycler, Joiner, LoopContext, Macro, Undefined, Tables)
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}
