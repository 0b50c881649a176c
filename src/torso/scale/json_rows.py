"""Rows of a table of JSON lines, from a byte on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from torso.errors import FileFormatError
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.scale.storage import storage_of


def json_rows(path: str, first: int, count: int, offset: int) -> Iterator[dict[str, Any]]:
    """Yield ``count`` rows that begin at byte ``offset``; ``first`` is the number of the first one, for messages.

    Raises:
        FileFormatError: E_TEXT for a line that is no JSON object.
    """
    with storage_of(path).open(path) as file:
        file.seek(offset)
        number = first
        for line in file:
            if number == first + count:
                return
            if not line.strip():
                continue
            try:
                row = decode_json(line.decode("utf-8-sig"), strict=False)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise FileFormatError(
                    "E_TEXT",
                    "Row {number} of {file} is no JSON object.",
                    cure='Write one object a line: {{"text": "..."}}',
                    values=dict(number=number, file=shown(path)),
                )
            yield cast("dict[str, Any]", row)
            number += 1
