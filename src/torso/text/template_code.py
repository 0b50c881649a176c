"""Chat template compiler: Jinja's own, with every operation delegated to the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from torso.text.budget import BudgetError

TOKENS = 20_000  # of a template; the longest in wide use have 5,000
_BODIES = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)
_UNIT = 10  # nodes of a body that are run for one unit of work


class Counted(Extension):
    """Extension that refuses a template of too many tokens before it is parsed."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens."""
        for number, token in enumerate(stream):
            if number >= TOKENS:
                raise BudgetError
            yield token


class Generation(Extension):
    """``generation`` tag, which marks what a model wrote: rendered as its contents, in a scope of their own."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node:
        """Parse the contents between the tag and its end."""
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True)).set_lineno(line)


def prepared(source: nodes.Template) -> nodes.Template:
    """Return the tree of a template, where each item of a loop is charged, and each run of a body by its length.

    Raises:
        TemplateSyntaxError: for the tag that marks a template as one of HTML.
    """
    for changed in source.find_all(nodes.ScopedEvalContextModifier):
        raise TemplateSyntaxError("a chat is not HTML, so there is no autoescape", changed.lineno)
    for body in list(source.find_all(_BODIES)):
        units = sum(1 for _ in body.find_all(nodes.Node)) // _UNIT
        body.body.insert(0, nodes.ExprStmt(_own("entered", [nodes.Const(units)])).set_lineno(body.lineno))
        if isinstance(body, nodes.For):
            body.iter = _own("looped", [cast("nodes.Expr", body.iter)]).set_lineno(body.lineno)
    return source


def tested_for_none(source: nodes.Template) -> frozenset[str]:
    """Return the message keys that a template compares with none, directly or through a variable."""
    aliases: dict[str, set[str]] = {}
    for assignment in source.find_all(nodes.Assign):
        if isinstance(assignment.target, nodes.Name):
            keys = {key for part in _with_itself(assignment.node) if (key := _key(part))}
            aliases.setdefault(assignment.target.name, set()).update(keys)
    tested: set[str] = set()
    for value in _compared_with_none(source):
        if isinstance(value, nodes.Name):
            tested |= {value.name} | aliases.get(value.name, set())
        elif key := _key(value):
            tested.add(key)
    return frozenset(tested)


def _compared_with_none(source: nodes.Template) -> Iterator[nodes.Node]:
    yield from (test.node for test in source.find_all(nodes.Test) if test.name == "none")
    for comparison in source.find_all(nodes.Compare):
        sides = [comparison.expr, *(operand.expr for operand in comparison.ops)]
        if any(isinstance(side, nodes.Const) and side.value is None for side in sides):
            yield from sides


def _with_itself(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    yield from node.find_all(nodes.Node)


def _key(node: nodes.Node) -> str | None:
    """Return the key that an expression reads, in any of the three ways to read one."""
    name: object = None
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        name = node.arg.value
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "get":
        name = node.args[0].value if node.args and isinstance(node.args[0], nodes.Const) else None
    return name if isinstance(name, str) else None


def _own(name: str, arguments: list[nodes.Expr]) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), arguments, [], None, None)


class Code(CodeGenerator):
    """Code generator that turns filters, tests, comparisons, literals and slices into calls of the sandbox."""

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:  # noqa: N802 - as Jinja names them
        """Emit a filter of a value, or of the block around it."""
        self._require(node.name, self.environment.filters, "filter", node, frame)
        self.write(f"environment.filtered(context, {node.name!r}, ")
        if node.node is None:  # pyright: ignore[reportUnnecessaryComparison] - it is, in a block
            self.write(f"concat({frame.buffer})")
        else:
            self.visit(node.node, frame)
        self.signature(node, frame)
        self.write(")")

    def visit_Test(self, node: nodes.Test, frame: Frame) -> None:  # noqa: N802
        """Emit a test of a value."""
        self._require(node.name, self.environment.tests, "test", node, frame)
        self.write(f"environment.tested(context, {node.name!r}, ")
        self.visit(node.node, frame)
        self.signature(node, frame)
        self.write(")")

    def _require(self, name: str, known: Iterable[str], kind: str, node: nodes.Node, frame: Frame) -> None:
        if name not in known and not frame.soft_frame:
            self.fail(f"No {kind} named {name!r}.", node.lineno)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        """Emit a comparison, or a chain of them."""
        self.write("environment.compared(")
        self.visit(node.expr, frame)
        for operand in node.ops:
            self.write(f", {operand.op!r}, ")
            self.visit(operand.expr, frame)
        self.write(")")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        """Emit a ``~`` concatenation."""
        self._called("joined", node.nodes, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        """Emit a list literal."""
        self._called("listed", node.items, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        """Emit a tuple literal, or the names that one is assigned to."""
        if node.ctx == "load":
            self._called("tupled", node.items, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        """Emit a dict literal."""
        self._called("tabled", [part for item in node.items for part in (item.key, item.value)], frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        """Emit an element access, or a slice."""
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        nothing = nodes.Const(None)
        ends = [end or nothing for end in (node.arg.start, node.arg.stop, node.arg.step)]
        self._called("sliced", [node.node, *ends], frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """Emit a call, the template's or the sandbox's own."""
        if isinstance(node.node, nodes.EnvironmentAttribute):
            self._called(node.node.name, node.args, frame)
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)

    def _called(self, name: str, arguments: Iterable[nodes.Node], frame: Frame) -> None:
        self.write(f"environment.{name}(")
        for argument in arguments:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")
