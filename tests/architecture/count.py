"""Counts lines of code: Python without blank lines, comments and docstrings, and C++ without blank lines and comments.

python tests/architecture/count.py [FOLDER ...]     by default src/torso, with the number at the start beside it
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

AT_THE_START = 31_799
"""Lines of code of src/torso, Python and C++, before the house was put in order."""
CPP = (".cpp", ".hpp", ".h", ".inl")
_LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}
# Strings come first: what looks like a comment inside one is none.
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|//[^\n]*|/\*.*?\*/', re.DOTALL)


def lines_of_code(source: str) -> int:
    """Lines of Python that hold code: no blank lines, comments or docstrings."""
    numbers: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT:
            numbers.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                numbers -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(numbers)


def lines_of_cpp(source: str) -> int:
    """Lines of C++ that hold code: no blank lines or comments."""
    code = _COMMENT.sub(lambda found: found[1] or "\n" * found[0].count("\n"), source)
    return sum(bool(line.strip()) for line in code.splitlines())


def count(*folders: Path) -> tuple[int, int]:
    """Lines of Python and of C++ in folders, or in single files."""
    files = [each for folder in folders for each in ([folder] if folder.is_file() else sorted(folder.rglob("*")))]
    python = sum(lines_of_code(each.read_text(encoding="utf-8")) for each in files if each.suffix == ".py")
    return python, sum(lines_of_cpp(each.read_text(encoding="utf-8")) for each in files if each.suffix in CPP)


def main(arguments: list[str]) -> None:
    """Prints the numbers."""
    own = Path(__file__).resolve().parents[2] / "src" / "torso"
    python, cpp = count(*map(Path, arguments)) if arguments else count(own)
    print(f"{python + cpp:,} lines of code: {python:,} of Python, {cpp:,} of C++")
    if not arguments:
        print(f"{AT_THE_START:,} at the start")


if __name__ == "__main__":
    main(sys.argv[1:])
