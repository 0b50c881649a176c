"""What tests, benches, tools, recipes, fuzzers and examples import from torso is there: no rename leaves one behind.

Programs that they hold as text, to run them in processes of their own, import too.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_IMPORT = re.compile(r"(?m)(?:^|;)\s*(from torso[\w.]* import [\w]+(?: as \w+)?(?:, \w+(?: as \w+)?)*)")


def imported(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "from torso" in node.value:
            # A program, or a part of one: each of its lines that imports stands for itself.
            for line in _IMPORT.findall(node.value):
                yield from imported(line)
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "torso":
            for each in node.names:
                yield str(node.module), each.name


def exists(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


@pytest.mark.parametrize("folder", ["bench", "examples", "fuzz", "recipes", "tests", "tools"])
def test_imported_names_exist(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    missing = [
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in paths
        for module, name in imported(path.read_text("utf-8"))
        if not exists(module, name)
    ]
    assert missing == []
