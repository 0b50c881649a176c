"""Reference of the errors: every code, the classes that carry it, and each message with its cure."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache

from tools.message_sources import messages, trees
from tools.site.markdown import cell, code, table
from torso.language import say, speaking

TITLE = {"en": "Errors", "zh": "错误"}
INTRODUCTION = {
    "en": "Every error of torso is a `TorsoError` with `code`, `what`, `where` and `cure`; it is also an error of "
    "Python's own kind, so that `except ValueError` finds it. Programs may rely on codes, which do not change without a "
    "major version; messages may be reworded. Names in braces are filled in. A cure that is missing here is said with the "
    "values at hand.",
    "zh": "torso 的每个错误都是 `TorsoError`，带有 `code`、`what`、`where` 和 `cure`；它同时也是 Python 自己的异常类型，因此 "
    "`except ValueError` 也能捕获。程序可以依赖代码：没有主版本变化，代码不会变；文字则可能改写。花括号中的名称会被填入实际的值。"
    "此处没有写明解决办法的，会在报错时按实际情况给出。",
}
HEADINGS = {"en": ("what happened", "cure"), "zh": ("发生了什么", "怎样解决")}
NEVER_SHOWN = {"E_CACHE"}
"""Codes of errors that are caught where they are raised."""
ANY = "…"
"""Stands for a message that is made by another error."""
_CODE = re.compile(r"E_[A-Z0-9_]+")


@dataclass
class Told:
    """What the sources say under one code.

    Attributes:
        kinds: error classes that are raised with it.
        places: templates that say where it happened.
        pairs: messages, each with its cure; an empty one where the cure is made elsewhere.
    """

    kinds: set[str] = field(default_factory=set[str])
    places: set[str] = field(default_factory=set[str])
    pairs: dict[tuple[str, str], None] = field(default_factory=dict[tuple[str, str], None])


@cache
def codes() -> dict[str, Told]:
    """Gather every code of the sources, in alphabetical order."""
    found = {each: Told() for each in sorted(_literals() - NEVER_SHOWN)}
    for tree in trees().values():
        module = _Module(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple) and len(node.elts) > 1 and isinstance(node.elts[0], ast.Constant):
                _pair(found, module, node.elts[0], node.elts[1], node.elts[2] if len(node.elts) > 2 else None)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                _read_call(node, module, found)
    for each in messages():
        told = found.get(each.code)
        if told is not None and each.text not in told.places and not any(each.text in pair for pair in told.pairs):
            told.pairs[each.text, ""] = None
    for told in found.values():
        answered = {what for what, cure in told.pairs if cure}
        told.pairs = {pair: None for pair in told.pairs if pair[1] or pair[0] not in answered}
    return found


def _literals() -> set[str]:
    """Find every literal that is a code."""
    return {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value)
    }


class _Module:
    """Texts that the names of one module can be worth, in whatever scope they are assigned."""

    def __init__(self, tree: ast.Module) -> None:
        self._assigned: dict[str, list[ast.expr]] = {}
        self._known: dict[tuple[str, int], list[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, its in zip(target.elts, value.elts, strict=False):
                self._assign(each, its)

    def texts(self, node: ast.AST | None, depth: int = 3) -> list[str]:
        """List the texts that an expression can be worth."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.IfExp):
            return [*self.texts(node.body, depth), *self.texts(node.orelse, depth)]
        if isinstance(node, ast.Name) and depth:
            key = node.id, depth
            if key not in self._known:
                values = self._assigned.get(node.id, [])
                self._known[key] = list(dict.fromkeys(text for each in values for text in self.texts(each, depth - 1)))
            return self._known[key]
        return []


def _read_call(call: ast.Call, module: _Module, found: dict[str, Told]) -> None:
    keywords = {each.arg: each.value for each in call.keywords}
    at = next((at for at, each in enumerate(call.args[:3]) if set(module.texts(each)) & found.keys()), None)
    first = keywords.get("code") if at is None else call.args[at]
    named = [each for each in module.texts(first) if each in found]
    name = ast.unparse(call.func).rpartition(".")[2]
    rest = call.args[at + 1 :] if at is not None else []
    cure = keywords.get("cure", rest[1] if len(rest) > 1 else None)
    what = keywords.get("what", keywords.get("template", rest[0] if rest else None))
    for each in named:
        found[each].kinds |= {name} if name.endswith("Error") else set()
        found[each].places |= {*module.texts(keywords.get("where"))}
    if len(named) == 1 or isinstance(first, ast.IfExp):
        _pair(found, module, first, what, cure)
        return
    for each in named:  # the code and its message were chosen together before
        for said in [what for what, its in found[each].pairs if not its]:
            for remedy in module.texts(cure):
                found[each].pairs[said, remedy] = None


def _pair(
    found: dict[str, Told], module: _Module, first: ast.AST | None, what: ast.AST | None, cure: ast.AST | None
) -> None:
    for each in module.texts(first):
        told = found.get(each)
        remedies = [text for text in module.texts(cure) if " " in text]
        for text in [text for text in module.texts(what) if " " in text] or ([ANY] if remedies and told else []):
            for remedy in remedies or [""]:
                if told is not None:
                    told.pairs[text, remedy] = None


def page(language: str) -> str:
    """Write the page in a language."""
    parts = [f"# {TITLE[language]}\n", f"{INTRODUCTION[language]}\n"]
    with speaking(language):
        for name, told in codes().items():
            kinds = ", ".join(code(each) for each in sorted(told.kinds))
            rows = [(cell(say(what)), cell(say(cure)) if cure else "") for what, cure in told.pairs]
            parts.append(f"## {name}\n\n{kinds}\n\n{table(HEADINGS[language], rows) if rows else ''}")
    return "\n".join(parts)
