"""Gathers the messages of torso from its sources, as ``xgettext`` would where every message is marked.

A message is a literal that is passed to one of `CALLS`, to an error or a note after its code, or as a help text; that
is assigned to one of `VARIABLES`; or that is in one of `TABLES`. `literals` finds every literal, gathered or not.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "torso"

CALLS = {
    # fields of configs and settings
    *("info", "size", "probability", "chance", "option", "knob", "fixed", "only"),
    # faults and notes, which become a part of an error
    *("Fault", "TooMuch", "Misfit", "Note", "unusable", "Evidence", "refused_redirect", "_refused", "_rename", "note"),
    # an option of several commands
    "top",
}
KEYWORDS = ("what", "where", "cure", "template", "meaning", "help")
VARIABLES = {
    *("template", "what", "cure", "told", "line", "verdict", "how"),
    *("WAITING", "BOTH_WAYS", "_ELSEWHERE", "_MIRROR_CURE", "_TITLE", "_TRY", "_TRAIN", "_LOOK", "_KEEP"),
}
TABLES = {"TABLE", "NEUTRAL", "_CURES", "_PURPOSES", "_TLS_CAUSES", "origins", "named"}
WORDS = {("src/torso/config/describe.py", "ACTS"), ("src/torso/view/words.py", "WORDS")}
"""Tables of single words."""
SAID_BY_CLICK = ("Options", "env var", "default", "required")
"""Words of click's own help, which `torso.cli.help` translates."""
VERBATIM = "\b\n"
"""Click's mark of a paragraph that is not wrapped."""


@dataclass(frozen=True)
class Message:
    """A template and where it is.

    Attributes:
        text: the template.
        path: its source file, relative to the root of the repository.
        line: its line there.
        code: the code of the error or note that it is a part of.
        given: the names of the values that the call passes, where all are written out.
    """

    text: str
    path: str
    line: int
    code: str = ""
    given: frozenset[str] | None = None

    @property
    def placeholders(self) -> set[str]:
        """The names of the values that it wants."""
        return placeholders(self.text)


def placeholders(template: str) -> set[str]:
    """Find the names that a template wants filled in."""
    return {
        name.partition(".")[0].partition("[")[0]
        for _, name, _, _ in string.Formatter().parse(template)
        if name is not None
    }


@cache
def trees() -> dict[str, ast.Module]:
    """Parse every source file of the package, by its path relative to the root of the repository."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def messages() -> list[Message]:
    """Gather every message, in the order of the sources."""
    said = [Message(text, "src/torso/cli/help.py", 0) for text in SAID_BY_CLICK]
    found = [each for path, tree in trees().items() for node in ast.walk(tree) for each in _of_node(path, node)]
    return sorted({*said, *found}, key=lambda each: (each.path, each.line, each.text, each.code))


def _of_node(path: str, node: ast.AST) -> Iterator[Message]:
    if isinstance(node, ast.Call):
        yield from _of_call(path, node)
    elif isinstance(node, ast.Tuple) and node.elts and _is_code(node.elts[0]):
        yield from _sentences(path, node.elts[1:])
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {each.id for each in targets if isinstance(each, ast.Name)}
        if "HELP" in names and isinstance(node.value, ast.Constant):
            yield from (Message(text, path, node.lineno) for text in help_texts(str(node.value.value)))
        elif isinstance(node.value, ast.Dict) and any((path, name) in WORDS for name in names):
            yield from (each for each in _texts_at(path, node.value.values) if each.text != "-")
        elif isinstance(node.value, ast.Dict) and names & TABLES:
            yield from _sentences(path, [each for value in node.value.values for each in _elements(value)])
        elif isinstance(node.value, ast.List) and "headings" in names:
            yield from (
                each for each in _texts_at(path, node.value.elts) if re.fullmatch(r"[a-z0-9: ]*[a-z]", each.text)
            )
        elif names & VARIABLES:
            yield from _sentences(path, [node.value])


def _of_call(path: str, call: ast.Call) -> Iterator[Message]:
    name = ast.unparse(call.func).rpartition(".")[2]
    keywords = [each.value for each in call.keywords if each.arg in KEYWORDS]
    code_at = next((at for at, each in enumerate(call.args) if _is_code(each)), None)
    if code_at is not None:
        code = ast.literal_eval(call.args[code_at])
        written = [*call.args[code_at + 1 :], *keywords]
        for node in written:
            assert not isinstance(node, ast.JoinedStr), f"{path}:{call.lineno}: a template is no f-string"
        yield from _sentences(path, written, code, _given(call))
    elif name == "say" and call.args:
        yield from _texts_at(path, call.args[:1])
    elif name.endswith("Error") and call.keywords:  # whose code is a variable
        yield from _sentences(path, [*call.args[1:2], *keywords])
    elif name == "Stage":
        yield from _sentences(path, call.args[:2])
    else:
        yield from _sentences(path, [*(call.args if name in CALLS else ()), *keywords])


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _given(call: ast.Call) -> frozenset[str] | None:
    """The names that a call fills in, where they are all written out."""
    for each in call.keywords:
        if each.arg == "values" and isinstance(each.value, ast.Call) and ast.unparse(each.value.func) == "dict":
            names = [name.arg for name in each.value.keywords]
            return None if None in names or each.value.args else frozenset(str(name) for name in names)
    return None


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(("E_", "N_"))


def _sentences(
    path: str, nodes: list[ast.expr], code: str = "", given: frozenset[str] | None = None
) -> Iterator[Message]:
    """The literals of several words; single words are names, values and keys."""
    for each in _texts_at(path, nodes, code, given):
        if " " in each.text:
            yield each


def _texts_at(
    path: str, nodes: list[ast.expr], code: str = "", given: frozenset[str] | None = None
) -> Iterator[Message]:
    for node in nodes:
        for constant in _constants(node):
            yield Message(str(constant.value), path, constant.lineno, code, given)


def _constants(node: ast.AST | None) -> Iterator[ast.Constant]:
    """The literals that an expression can be worth: one, or those of an ``a if b else c``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _constants(each)


def help_texts(text: str) -> list[str]:
    """Split a help text as `torso.cli.help` does: into paragraphs, of verbatim ones the heading."""
    return [
        paragraph.removeprefix(VERBATIM).partition("\n")[0] if paragraph.startswith(VERBATIM) else paragraph
        for paragraph in text.split("\n\n")
    ]


@cache
def literals() -> dict[str, list[tuple[str, int]]]:
    """Find every text of the sources that may be a message: literals, and the parts of help texts.

    Returns:
        From the text to the files and lines where it is.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for path, tree in trees().items():
        pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces:
                whole = [each.removeprefix(VERBATIM) for each in node.value.split("\n\n")]
                for part in {node.value, *whole, *help_texts(node.value)}:
                    found.setdefault(part, []).append((path, node.lineno))
    return found
