"""The code cells of a notebook, and what is changed in them before they run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = re.compile(r"requests\.get|PIL|ImageDraw|detector")
"""Cells about pictures and other sites: neither library is asked there."""

TRAINING = {
    "per_device_train_batch_size": 256,
    "per_device_eval_batch_size": 256,
    "gradient_accumulation_steps": 1,
    "num_train_epochs": 3,
    "learning_rate": 5e-4,
    "logging_steps": 1,
    "eval_steps": 1,
    "save_steps": 1,
    "report_to": "none",
    "use_cpu": True,
}
"""A step takes the whole of a small table, so that no order of rows shows, and moves a small model visibly."""


@dataclass(frozen=True)
class Cell:
    """A code cell as it runs, and what it names."""

    source: str
    left_out: str


def cells_of(path: Path) -> list[str]:
    """The code cells of a notebook that hold any code."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(each["source"]) for each in cells if each["cell_type"] == "code"]
    return [source for source in sources if source.strip()]


def prepared(source: str, library: str, names: Mapping[str, str]) -> Cell:
    """A cell for a library: its import line, and what this machine asks of both libraries.

    Args:
        source: the cell.
        library: ``torso`` or ``transformers``.
        names: the Hub's names of models, each with the folder of its stand-in.
    """
    if LEFT_OUT.search(source):
        return Cell("", "of pictures")
    timed = is_timed(source)
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    tree = ast.parse("\n".join(lines))
    tree = ast.fix_missing_locations(_Adapted(library, names, timed=timed).visit(tree))
    return Cell(ast.unparse(tree), "" if tree.body else "of the shell")


def is_timed(source: str) -> bool:
    """Whether a cell measures seconds."""
    return "%%time" in source or "time.time()" in source


def used(sources: list[str]) -> dict[str, set[str]]:
    """The names that cells import from transformers, each with the keyword arguments that it is called with."""
    found: dict[str, set[str]] = {}
    for source in sources:
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        tree = ast.parse("\n".join(lines))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "transformers":
                for each in node.names:
                    found.setdefault(each.name, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                owner = function.value if isinstance(function, ast.Attribute) else function
                if isinstance(owner, ast.Name) and owner.id in found:
                    found[owner.id] |= {each.arg for each in node.keywords if each.arg}
    return found


class _Adapted(ast.NodeTransformer):
    def __init__(self, library: str, names: Mapping[str, str], *, timed: bool) -> None:
        self.library, self.names, self.timed = library, names, timed

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if self.library == "torso" and (node.module or "").partition(".")[0] == "transformers":
            node.module = "torso"
        elif self.library != "torso" and node.module == "transformers" and node.names[0].name == "*":
            # Its star imports what other packages are needed for.
            node.names = [ast.alias(each) for each in ("AutoModelForSequenceClassification", "AutoTokenizer")]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and node.value in self.names:
            return ast.Constant(self.names[node.value])
        if self.timed and isinstance(node.value, int) and node.value >= 1000:
            return ast.Constant(20)  # how often something is repeated to be timed
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if ast.unparse(node).startswith("torch.cuda.synchronize"):
            return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "cuda" and not node.args:
            return ast.Call(ast.Attribute(function.value, "to", ast.Load()), [ast.Constant("cpu")], [])
        if getattr(function, "id", "") == "int" and node.args and isinstance(node.args[0], ast.Compare):
            # NumPy 2.4 takes no array of one number as a number, but still as a truth.
            node.args = [ast.Call(ast.Name("bool", ast.Load()), node.args, [])]
        given = {each.arg for each in node.keywords}
        if self.library != "torso" and {"max_length", "do_sample"} <= given and getattr(function, "id", "") == "pipe":
            # The reference's pipelines have a length of their own since 4.50, which counts for more than the call's.
            # So have beams.
            own = {"max_new_tokens": None, "num_beams": 1}
            node.keywords += [ast.keyword(key, ast.Constant(value)) for key, value in own.items()]
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        node.keywords = [changed for each in node.keywords if (changed := self._argument(name, each)) is not None]
        if name.endswith("TrainingArguments"):
            node.keywords = [each for each in node.keywords if each.arg not in TRAINING]
            node.keywords += [ast.keyword(key, ast.Constant(value)) for key, value in TRAINING.items()]
        return node

    def _argument(self, function: str, given: ast.keyword) -> ast.keyword | None:
        name, value = given.arg, given.value
        if (name, getattr(value, "value", None)) == ("device", 0) or name == "fp16":
            return None
        if name == "do_sample":
            return ast.keyword(name, ast.Constant(False))
        if name == "lr":
            return ast.keyword(name, ast.Constant(TRAINING["learning_rate"]))
        if name == "evaluation_strategy" and self.library != "torso":
            return ast.keyword("eval_strategy", value)  # renamed in the reference
        return given
