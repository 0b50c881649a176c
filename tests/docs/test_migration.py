"""The tables of docs/migrate.md: each new line runs, each old one where its library is here; equal ones are equal."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import numpy
import pytest

from .pages import HOME, blocks

PAGE = HOME / "docs" / "migrate.md"
RUN = {"transformers": ("transformers",), "sentence-transformers": ("sentence_transformers",)}
SECTION = re.compile(r"^## From ([\w-]+)[^\n]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def rows() -> list[tuple[str, str, str, bool]]:
    """Library, old line, new line, and whether they are said to be equal."""
    found: list[tuple[str, str, str, bool]] = []
    for library, text in SECTION.findall(PAGE.read_text("utf-8")):
        for old, new, equal in re.findall(r"^\| `(.+?)` \| `(.+?)` \| ?(\w*) ?\|$", text, re.MULTILINE):
            found.append((library, old, new, equal == "equal"))
    return found


class _Names(dict[str, Any]):
    """Names of a page, then those of a library."""

    def __init__(self, known: dict[str, Any], library: str) -> None:
        super().__init__(known)
        self._library = importlib.import_module(library)

    def __missing__(self, name: str) -> Any:
        if hasattr(self._library, name):
            return getattr(self._library, name)
        raise KeyError(name)


def numbers(value: Any) -> numpy.ndarray[Any, Any]:
    return numpy.asarray(value.detach() if hasattr(value, "detach") else value, dtype=numpy.float64)


def test_no_line_of_the_tables_is_left_out() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows()) == len(lines) > 15
    assert {library for library, *_ in rows()} == {"transformers", "sentence-transformers", "fastembed", "optimum"}
    for _, old, new, _ in rows():
        ast.parse(old, mode="eval")
        ast.parse(new, mode="eval")
    chinese = PAGE.with_suffix(".zh.md")
    assert [line.split(" | ")[:2] for line in lines] == [
        line.split(" | ")[:2] for line in chinese.read_text("utf-8").splitlines() if line.startswith("| `")
    ]


@pytest.mark.parametrize("library", ["transformers", "sentence-transformers", "fastembed", "optimum"])
@pytest.mark.filterwarnings("ignore")
def test_new_lines_run_and_give_what_old_ones_give(library: str, desk: Path) -> None:
    known: dict[str, Any] = {}
    exec(blocks("docs/migrate.md")[0].text, known)
    (desk / "reranker").unlink()
    ranker = desk / "reranker"
    _for_transformers(Path(known["ranker"]), ranker, desk)
    checked = 0
    for name, old, new, equal in rows():
        if name != library:
            continue
        ours = eval(new, known)
        for module in RUN.get(library, ()):
            theirs = eval(old, {}, _Names(known, module))
            if equal:
                numpy.testing.assert_allclose(numbers(ours), numbers(theirs), atol=1e-5, err_msg=new)
                checked += 1
    assert checked >= 3 or library not in RUN


def _for_transformers(asked: Path, ranker: Path, desk: Path) -> None:
    """The cross-encoder as a folder that the references read too."""
    from tasks import small
    from torso.architecture import Task

    assert asked.name == ranker.name
    small.save(ranker, Task.SEQUENCE_CLASSIFICATION, labels=["score"])
    (ranker / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "model_max_length": 64}')
