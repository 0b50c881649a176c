"""The package's own sources as syntax trees, and what it prints in a fresh process."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import torso

ROOT = Path(torso.__file__).parent


def printed_by(code: str, *arguments: str) -> list[str]:
    """What a fresh interpreter prints, by words; it says nothing else."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name."""
    found: dict[str, ast.Module] = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def is_for_checkers(node: ast.AST) -> bool:
    """Whether a statement is an ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def statements(tree: ast.AST, *, inner: bool = True) -> Iterator[ast.AST]:
    """Every node that runs; with ``inner`` false, only those that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if is_for_checkers(node):
            yield from (each for other in node.orelse for each in [other, *statements(other, inner=inner)])
            continue
        yield node
        if inner or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from statements(node, inner=inner)


def imported(module: str, *, inner: bool = True) -> set[str]:
    """The dotted names that a module imports when it runs; of ``from a import b``, ``a.b`` if that is a module."""
    names: set[str] = set()
    for node in statements(trees()[module], inner=inner):
        if isinstance(node, ast.Import):
            names.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                names.add(whole if whole in trees() else str(node.module))
    return names


def checker_imports(module: str) -> dict[str, str]:
    """What the stub of a lazy namespace gives to type checkers: name to home."""
    found: dict[str, str] = {}
    for line in ast.parse(ROOT.joinpath(*module.split(".")[1:], "__init__.pyi").read_text(encoding="utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.names[0].name != "*":  # the families are in a stub of their own
            assert all(each.asname == each.name for each in line.names), "a stub passes a name on unchanged"
            # The configs are written out in a stub of their own, for editors: their homes are the families' files.
            home = str(line.module)
            for each in line.names:
                if home == "torso.compat.family_configs":
                    found[each.name] = getattr(import_module(home), each.name).__module__
                else:
                    found[each.name] = home
    return found
