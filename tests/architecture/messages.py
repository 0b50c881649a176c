"""Every message of the package, gathered from its sources."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass

from .sources import trees


@dataclass(frozen=True)
class Message:
    """A template and where it stands."""

    text: str
    module: str
    line: int
    code: str = ""
    given: frozenset[str] | None = None

    @property
    def placeholders(self) -> set[str]:
        return placeholders(self.text)


def placeholders(template: str) -> set[str]:
    """The names that a template wants filled in."""
    return {
        name.partition(".")[0].partition("[")[0]
        for _, name, _, _ in string.Formatter().parse(template)
        if name is not None
    }


def _texts(node: ast.AST | None) -> Iterator[str]:
    """The literals an expression can be worth: one, or those of an ``a if b else c``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(("E_", "N_"))


def _given(call: ast.Call) -> frozenset[str] | None:
    """The names that a call fills in, where they are all written out."""
    for each in call.keywords:
        if each.arg == "values" and isinstance(each.value, ast.Call) and ast.unparse(each.value.func) == "dict":
            names = [name.arg for name in each.value.keywords]
            return None if None in names or each.value.args else frozenset(str(name) for name in names)
    return None


def _of_call(module: str, call: ast.Call) -> Iterator[Message]:
    name = ast.unparse(call.func).rpartition(".")[2]
    if call.args and _is_code(call.args[0]):
        code = str(call.args[0].value)  # pyright: ignore[reportAttributeAccessIssue]
        given = _given(call)
        written = [
            *call.args[1:],
            *(each.value for each in call.keywords if each.arg in ("what", "where", "cure", "template")),
        ]
        for node in written:
            assert not isinstance(node, ast.JoinedStr), f"{module}:{call.lineno}: a template is no f-string"
            yield from (Message(text, module, call.lineno, code, given) for text in _texts(node) if _is_sentence(text))
    elif name == "say" and call.args:
        yield from (Message(text, module, call.lineno) for text in _texts(call.args[0]))
    elif name in ("info", "size", "chance", "only"):
        written = [*call.args, *(each.value for each in call.keywords if each.arg == "meaning")]
        yield from (
            Message(text, module, call.lineno) for node in written for text in _texts(node) if _is_sentence(text)
        )


def _is_sentence(text: str) -> bool:
    return " " in text


def _of_tuple(module: str, node: ast.Tuple) -> Iterator[Message]:
    if node.elts and _is_code(node.elts[0]):
        yield from (
            Message(text, module, node.lineno) for each in node.elts[1:] for text in _texts(each) if _is_sentence(text)
        )


def _of_assignment(module: str, node: ast.Assign) -> Iterator[Message]:
    if any(isinstance(each, ast.Name) and each.id == "template" for each in node.targets):
        yield from (Message(text, module, node.lineno) for text in _texts(node.value))


def _gathered() -> Iterator[Message]:
    for module, tree in trees().items():
        if module.startswith("torso.chinese"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _of_call(module, node)
            elif isinstance(node, ast.Tuple):
                yield from _of_tuple(module, node)
            elif isinstance(node, ast.Assign):
                yield from _of_assignment(module, node)


def messages() -> list[Message]:
    """Every message that a person can meet."""
    from torso.config.config_file import NEUTRAL
    from torso.config.describe import ACTS, headings

    tables = [*NEUTRAL.values(), *ACTS.values(), "file", "you", "default", *headings()]
    return [*_gathered(), *(Message(text, "torso.weights", 0) for text in tables if text != "-")]


def normal(text: str) -> str:
    """A text with every run of white space as one space: help pages are wrapped anew when they are shown."""
    return " ".join(text.replace("\b", " ").split())


def literals() -> str:
    """Every text that stands in the sources, translations apart, each in its normal form on a line of its own."""
    return "\n".join(
        normal(node.value)
        for module, tree in trees().items()
        if not module.startswith("torso.chinese")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
