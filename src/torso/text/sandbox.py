"""Chat template sandbox: Jinja's, with a budget that no template can exceed.

A template comes with a checkpoint, so it is data from a stranger. The sandbox keeps it from attributes of Python's own
and from changing what it is given; it reaches the methods of texts, lists and dicts that are listed, and no others. The
budget bounds the work, the memory and the time of everything that it does, before it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from types import BuiltinMethodType, CodeType, MethodType
from typing import Any, NamedTuple, cast

from jinja2 import Template, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from torso.text import template_methods as methods
from torso.text.budget import BITS, Budget, BudgetError, length
from torso.text.template_code import Code, Counted, Generation, prepared, tested_for_none
from torso.text.template_filters import Filters
from torso.text.template_values import ATTRIBUTES, CALLABLE, COMPARISONS, Format, RefusedError, Scope, Tables

_FORM = 1_000  # characters of the form of a date
_COMPARED = 20  # an element that is compared takes as long as this many that are copied
_MARKED = 6  # characters that one becomes where it is escaped for HTML


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja sandbox with the extras of chat templates, and the budget of one rendering."""

    code_generator_class = Code
    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "**", "%"])

    def __init__(self) -> None:
        extensions = [Counted, Generation, loopcontrols]
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=extensions, finalize=_shown, optimized=False)
        self.budget = Budget()
        known = Filters(self.budget, lambda left, right: self._added(left, right))
        self.filters, self.tests = known.filters(), known.tests()
        own = {"raise_exception": self._refuse, "strftime_now": self._now, "dict": Tables(self.budget)}
        kept = {name: self.globals[name] for name in ("range", "cycler", "joiner")}
        self.globals = {**kept, **own, "namespace": Scope}
        self._functions = (kept["range"], own["raise_exception"], own["strftime_now"], Scope, Cycler, Joiner)
        self.concat = self._concatenated

    def rendered(self, program: Program, values: Mapping[str, Any]) -> str:
        """Render a program to text.

        Raises:
            BudgetError: it exceeds the budget.
            RefusedError: it says that it cannot take the values.
            Exception: whatever a wrong template comes to.
        """
        parts: list[str] = []
        count = 0
        for part in Template.from_code(self, program.code, self.make_globals(None)).generate(values):
            count += len(part)
            self.budget.require(characters=count)
            parts.append(part)
        return "".join(parts)

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(prepared(source), name, filename, defer_init)

    # -- what the code of a template calls -----------------------------------------------------------------------------

    def entered(self, units: int) -> None:
        """Charge one run of the body of a loop or macro."""
        self.budget.charge(units + 1)

    def looped(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``items``, charging each as one step."""
        for item in items:
            self.budget.step()
            yield item

    def filtered(self, context: Context, name: str, value: Any, /, *args: Any, **given: Any) -> Any:
        """Apply a filter."""
        return self.call_filter(name, value, args, given, context)

    def tested(self, context: Context, name: str, value: Any, /, *args: Any, **given: Any) -> Any:
        """Apply a test."""
        self.budget.charge(1)
        return self.call_test(name, value, args, given, context)

    def compared(self, first: Any, *rest: Any) -> Any:
        """Evaluate a comparison, or a chain of them: its operators and further values."""
        result: Any = True
        for name, second in zip(rest[::2], rest[1::2], strict=True):
            self._charge_comparison(first, second, within=name in ("in", "notin"))
            result = COMPARISONS[name](first, second)
            if not result:
                break
            first = second
        return result

    def _charge_comparison(self, left: Any, right: Any, *, within: bool) -> None:
        one, other = self.budget.size(left), self.budget.size(right)
        if not within:
            self.budget.step(min(one.characters, other.characters), _COMPARED * min(one.elements, other.elements))
        elif isinstance(right, str):
            self.budget.step(other.characters)
            self.budget.charge(other.characters * min(one.characters, 100) // 1_000)
        elif isinstance(right, dict):
            self.budget.step(one.characters, one.elements)
        else:
            count = length(right) or other.elements
            characters = min(other.characters, count * one.characters)
            self.budget.step(characters + one.characters, _COMPARED * other.elements)

    def joined(self, *parts: Any) -> str:
        """Evaluate the ``~`` operator."""
        self.budget.step()
        return methods.joined(self.budget, "", parts, as_text=True)

    def listed(self, *items: Any) -> list[Any]:
        """Build a list literal."""
        return self._literal(list(items))

    def tupled(self, *items: Any) -> tuple[Any, ...]:
        """Build a tuple literal."""
        return self._literal(items)

    def tabled(self, *parts: Any) -> dict[Any, Any]:
        """Build a dict literal from its keys and values in turn."""
        self.budget.hashed(parts[::2], len(parts))
        return self._literal(dict(zip(parts[::2], parts[1::2], strict=True)))

    def _literal(self, value: Any) -> Any:
        self.budget.step(elements=len(value))
        return self.budget.kept(value)

    def sliced(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        """Evaluate a slice."""
        count = length(value)
        self.budget.step(count if isinstance(value, str) else 0, count)
        return self.budget.kept(value[start:stop:step])

    def _concatenated(self, parts: Iterable[str]) -> str:
        pieces = list(parts)
        count = sum(map(len, pieces))
        self.budget.require(characters=count)
        self.budget.step(count, len(pieces))
        return str(self.budget.kept("".join(pieces)))

    # -- attributes, elements, calls and operators ---------------------------------------------------------------------

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a template may have an attribute: a listed one, or one of its own namespace."""
        if isinstance(obj, Namespace):
            return not attr.startswith("_")
        return any(isinstance(obj, kind) and attr in names for kind, names in ATTRIBUTES)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return a text's ``format`` method, within the budget; None for anything else."""
        if not isinstance(value, (MethodType, BuiltinMethodType)) or value.__name__ != "format":
            return None
        template = value.__self__
        if not isinstance(template, str):
            return None
        return Format(self, self.budget, template)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an element, or an attribute of that name."""
        self._charge_name(argument)
        return super().getitem(obj, argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute, or an element of that name."""
        self._charge_name(attribute)
        return super().getattr(obj, attribute)

    def _charge_name(self, name: object) -> None:
        if isinstance(name, str) and len(name) < 100:
            self.budget.charge(1)
            return
        size = self.budget.size(name)
        self.budget.step(size.characters, size.elements)
        self.budget.require(characters=size.characters)

    def call(__self, __context: Context, __obj: Any, *args: Any, **given: Any) -> Any:  # noqa: N805 - as Jinja's
        """Call an object for the template, charged as one step."""
        budget = __self.budget
        owner = getattr(__obj, "__self__", None)
        if isinstance(__obj, BuiltinMethodType) and isinstance(owner, (str, list, tuple, dict)):
            return methods.called(budget, owner, __obj.__name__, args, _without_scope(given))
        size = budget.sizes(*args, *given.values())
        budget.step(size.characters, size.elements)
        if isinstance(__obj, LoopContext) and args:
            args = (__self.looped(args[0]), *args[1:])
        if not (
            isinstance(__obj, CALLABLE)
            or isinstance(owner, (LoopContext, Cycler, Tables))
            or any(__obj == each for each in __self._functions)
        ):
            raise SecurityError(f"a template may not call {type(__obj).__name__!r}")
        return super().call(__context, __obj, *args, **given)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Evaluate an operator between two values."""
        if operator == "+":
            return self._added(left, right)
        if isinstance(left, str) and operator == "%":
            return methods.formatted(self.budget, left, right)
        self._charge_numbers(operator, left, right)
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, (str, list, tuple)) and isinstance(other, int):
                    count = len(cast("str", one)) * max(0, other)
                    self.budget.require(characters=count if isinstance(one, str) else 0)
                    self.budget.require(parts=0 if isinstance(one, str) else count)
                    self.budget.step(count, 0 if isinstance(one, str) else count)
        return self.budget.kept(super().call_binop(context, operator, left, right))

    def _added(self, left: Any, right: Any) -> Any:
        if isinstance(left, str) and isinstance(right, str):
            # A text that is marked as HTML escapes what is added to it.
            marked = _MARKED if hasattr(left, "__html__") or hasattr(right, "__html__") else 1
            count = marked * (len(left) + len(right))
            self.budget.require(characters=count)
            self.budget.step(count)
        elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
            count = len(cast("list[Any]", left)) + len(cast("list[Any]", right))
            self.budget.require(parts=count)
            self.budget.step(elements=count)
        else:
            self._charge_numbers("+", left, right)
        return self.budget.kept(cast("Any", left) + right)

    def _charge_numbers(self, operator: str, left: Any, right: Any) -> None:
        self.budget.step()
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * max(1, right) if operator == "**" else left.bit_length() + right.bit_length()
            if bits > 2 * BITS:
                raise BudgetError
        elif not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            size = self.budget.sizes(left, right)
            self.budget.step(size.characters, _COMPARED * size.elements)

    # -- functions -----------------------------------------------------------------------------------------------------

    def _refuse(self, message: object) -> None:
        raise RefusedError(self.budget.text(message))

    def _now(self, form: str) -> str:
        if len(form) > _FORM:
            raise BudgetError
        return datetime.now().strftime(form)


def _without_scope(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("_loop_vars", "_block_vars")}


@pass_context
def _shown(context: Context, value: Any) -> Any:
    if isinstance(value, str):
        return value
    return cast("Sandbox", context.environment).budget.text(value)


class Program(NamedTuple):
    """Compiled template."""

    code: CodeType
    names: frozenset[str]
    tested_for_none: frozenset[str]


@lru_cache(maxsize=8)
def compiled(template: str) -> Program:
    """Compile a template; each rendering runs it in a sandbox of its own.

    Raises:
        BudgetError: the template is too long.
        TemplateSyntaxError: it is no template.
    """
    sandbox = Sandbox()
    source = sandbox.parse(template)
    names = frozenset(name.name for name in source.find_all(nodes.Name))
    tested = tested_for_none(source)
    return Program(sandbox.compile(source), names, tested)
