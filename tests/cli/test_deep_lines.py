"""JSON lines that are nested deeper than Python's reader goes: a typed error with the line, and no traceback."""

from __future__ import annotations

import io

import pytest

from torso.errors import FileFormatError
from torso.io.table_rows import rows

DEEP = 100_000


@pytest.mark.parametrize(
    "line",
    [
        '{"text":' + "[" * DEEP,
        '{"text":' + '{"a":' * DEEP,
        "[" * DEEP,
        '{"a":1,"text":' + "[" * DEEP + "]" * DEEP + "}",
    ],
    ids=["lists", "tables", "no table", "closed"],
)
def test_deep_lines_are_named(line: str) -> None:
    found = rows(io.BytesIO(f'{{"text": "a"}}\n{line}\n'.encode()), "a.jsonl", ["text"])
    assert next(found) == ("a",)
    with pytest.raises(FileFormatError, match="Line 2") as caught:
        next(found)
    assert caught.value.code == "E_TEXT"
