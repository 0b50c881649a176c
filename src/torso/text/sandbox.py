"""Where chat templates run: Jinja's sandbox, and a budget that no template can go past.

A template comes with a checkpoint, so it is data from a stranger. The sandbox keeps it from attributes of Python's own,
and from changing what it is given. The budget bounds how often it loops, calls and filters, and how long any text it
makes can be, before it is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache, wraps
from types import CodeType
from typing import Any, cast

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from torso.text.budget import (
    BITS,
    LENGTH,
    STEPS,
    BudgetError,
    as_text,
    check,
    check_format,
    checked_method,
    counted,
    measured,
)


class RefusedError(TemplateError):
    """A template says itself that it cannot take these messages."""


class _Generation(Extension):
    """The ``generation`` tag, which marks what a model wrote: here it is its contents."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Namespace(Namespace):
    """Jinja's namespace, without names that begin with an underscore."""

    def __init__(*args: Any, **given: Any) -> None:
        values = dict(*args[1:], **given)
        for name in values:
            _refuse_hidden(name)
        Namespace.__init__(args[0], values)

    def __setitem__(self, name: str, value: Any) -> None:
        _refuse_hidden(name)
        super().__setitem__(name, value)


class _Dict:
    """Makes dicts; the type itself is not handed out."""

    def __call__(self, *args: Any, **given: Any) -> dict[Any, Any]:
        return dict(*args, **given)

    def fromkeys(self, keys: Iterable[Any], value: Any = None) -> dict[Any, Any]:
        """A dict of ``keys``, all with ``value``."""
        return dict.fromkeys(keys, value)


def _refuse_hidden(name: object) -> None:
    if str(name).startswith("_"):
        raise SecurityError(f"a namespace takes no name that begins with an underscore: {name!r}")


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with what chat templates use beside it, and the budget of one rendering."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols], finalize=self._shown
        )
        self.left = STEPS
        self.filters = {
            name: self._counted(name, cast("Callable[..., Any]", call)) for name, call in self.filters.items()
        }
        self.filters["tojson"] = self._json
        self.globals |= {"raise_exception": _refuse, "strftime_now": _now, "dict": _Dict(), "namespace": _Namespace}
        self.globals.pop("lipsum")

    def rendered(self, template: str, values: Mapping[str, Any]) -> str:
        """The text of a template.

        Raises:
            BudgetError: it goes past the budget.
            RefusedError: it says that it cannot take the values.
            Exception: whatever a wrong template comes to.
        """
        parts: list[str] = []
        length = 0
        for part in Template.from_code(self, _compiled(template), self.make_globals(None)).generate(values):
            length += len(part)
            if length > LENGTH:
                raise BudgetError
            parts.append(part)
        return "".join(parts)

    def step(self) -> None:
        """Counts one step."""
        self.left -= 1
        if self.left < 0:
            raise BudgetError

    def looped(self, items: Iterable[Any]) -> Iterator[Any]:
        """``items``, each of them one step."""
        for item in items:
            self.step()
            yield item

    def joined(self, *parts: Any) -> str:
        """What ``~`` makes."""
        texts = [as_text(part) for part in parts]
        check(sum(map(len, texts)))
        return "".join(texts)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Call(nodes.EnvironmentAttribute("looped"), [loop.iter], [], None, None)
        for concat in list(source.find_all(nodes.Concat)):
            concat.nodes = [nodes.Call(nodes.EnvironmentAttribute("joined"), concat.nodes, [], None, None)]
        return super()._generate(source, name, filename, defer_init)

    def call(__self, __context: Context, __obj: Any, *args: Any, **given: Any) -> Any:  # noqa: N805 - as Jinja's
        """A call of the template's, which is one step."""
        __self.step()
        if isinstance(__obj, LoopContext) and args:
            args = (__self.looped(args[0]), *args[1:])
        method = cast("Any", __obj)
        if isinstance(getattr(method, "__self__", None), str):
            args = checked_method(method.__self__, method.__name__, args)
        made = super().call(__context, __obj, *args, **given)
        return measured(made)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """The ``format`` of a text, in the sandbox; None for anything else."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            check_format(str(value.__self__))
        return wrapped

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A sum, product, power or formatting of the template's."""
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, (str, list, tuple)) and isinstance(other, int):
                    check(len(cast("str", one)) * other)
        if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
            check(bits, BITS)
        if operator == "+" and isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)):
            check(len(cast("str", left)) + len(cast("str", right)))
        if operator == "%" and isinstance(left, str):
            check_format(left)
        return measured(super().call_binop(context, operator, left, right))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A filter of Jinja's, each use of which is one step, with arguments that do not make it too long."""
        first = 1 if hasattr(call, "jinja_pass_arg") else 0  # where its value stands

        @wraps(call)
        def used(*args: Any, **given: Any) -> Any:
            self.step()
            before, values = args[:first], list(args[first:])
            if name == "join":
                between = values[1] if len(values) > 1 else given.get("d", "")
                values[0] = checked_method(as_text(between), name, (values[0],))[0]
            elif name in ("string", "escape", "e", "pprint"):
                as_text(values[0])
            else:
                checked_method(as_text(values[0]) if name in ("replace", "format") else "", name, tuple(values[1:]))
                checked_method("", name, tuple(given.values()))
            return measured(call(*before, *values, **given))

        return used

    def _json(
        self,
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        self.step()
        check(indent or 0, 1_000)
        counted(value)
        encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
        parts: list[str] = []
        length = 0
        for part in encoder.iterencode(value):
            length += len(part)
            check(length)
            parts.append(part)
        return "".join(parts)

    def _shown(self, value: Any) -> Any:
        return value if isinstance(value, str) else as_text(value)


def _refuse(message: object) -> None:
    raise RefusedError(str(message))


def _now(form: str) -> str:
    return datetime.now().strftime(form)


@lru_cache(maxsize=32)
def _compiled(template: str) -> CodeType:
    """What runs; each rendering runs it in a sandbox of its own."""
    return Sandbox().compile(template)
