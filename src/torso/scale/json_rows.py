"""Rows of a table of JSON lines, from a byte on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from torso.errors import FileFormatError
from torso.io.paths import shown
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
                row: object = json.loads(line)
            except (ValueError, RecursionError):
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
