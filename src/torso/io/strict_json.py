"""Bounded JSON parser with errors by line and column: strict, or with the extensions of Python's own reader.

In strict mode duplicate keys, NaN and Infinity are refused: for files that two readers must not read differently, such
as the header of a weight file. Settings are read as Python reads them, since Python wrote them: the last of two equal
keys counts, and a number may be NaN or infinite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, cast

from torso.errors import FileFormatError
from torso.io.paths import shown

DEPTH = 64
MOST_CONTAINERS = 1_000_000  # twice the largest tokenizer's; each takes up to 250 bytes beyond those of the file
_TOKEN = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")(\s*+:)?|[\[\]{}]|NaN|-?Infinity', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NO_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[^"\[\]{}]++', re.DOTALL)
_ONE_KIND = str.maketrans("{}", "[]")


class _RefusedError(Exception):
    """Refusal by the decoder hooks, which do not know their position in the text."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise _RefusedError
    return table


def _refuse_constant(_literal: str) -> NoReturn:
    raise _RefusedError


def _finite(literal: str) -> float:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {literal[:40]} does not fit a float")
    return value


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
_PYTHON = json.JSONDecoder()


def decode_json(
    text: str, *, strict: bool = True, pairs: Callable[[list[tuple[str, object]]], object] | None = None
) -> object:
    """Decode a JSON text.

    Args:
        text: of any length.
        strict: whether a repeated key, NaN, Infinity and a number that fits no float are refused.
        pairs: what makes an object of its keys and values, where not strict; None for a dict.

    Raises:
        ValueError: with the reason in words; the caller knows the file. Never anything else, however deep or odd.
    """
    containers = text.count("{") + text.count("[")
    if containers > MOST_CONTAINERS:
        raise ValueError(f"more than {MOST_CONTAINERS:,} lists and objects")
    if containers > DEPTH and nests_deeper(text):
        raise ValueError(f"nested deeper than {DEPTH}")
    try:
        decoder = _STRICT if strict else _PYTHON if pairs is None else json.JSONDecoder(object_pairs_hook=pairs)
        value = cast("object", decoder.decode(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} column {error.colno}: {error.msg}") from None
    except _RefusedError:
        raise ValueError(_what_was_refused(text)) from None
    except RecursionError:  # of a caller who has little stack left
        raise ValueError(f"nested deeper than {DEPTH}") from None
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(value)
    return value


def parse_json(text: str, *, path: Path, code: str, strict: bool = True) -> object:
    """Parse a JSON text that was read from ``path``.

    Raises:
        FileFormatError: with ``code``: not JSON, deeper than 64, half a surrogate pair; where ``strict``, a duplicate
            key, NaN or Infinity, or a number that fits no float. The message has line and column.
    """
    try:
        return decode_json(text, strict=strict)
    except ValueError as error:
        raise FileFormatError(
            code,
            "{path} is not valid JSON: {reason}.",
            cure="Correct the file, or download it again: torso repair {folder}",
            values=dict(path=shown(path), reason=error, folder=shown(path.parent)),
        ) from None


def nests_deeper(text: str, depth: int = DEPTH) -> bool:
    """Return whether lists and objects of a JSON text nest deeper than ``depth``, before any reader follows them.

    A reader that recurses until the stack is full is stopped in time, but garbage that is collected at that moment is
    not: its finalisers fail. Takes time and memory in proportion to the text. Of a text that is cut off, lists and
    objects without an end count apart from those that end: no more than twice ``depth`` can pass.
    """
    brackets = _NO_BRACKETS.sub("", text).translate(_ONE_KIND)
    for _ in range(depth):
        shorter = brackets.replace("[]", "")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return "[]" in brackets or brackets.count("[") > depth


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair (\\ud800 to \\udfff) is alone in a string") from None


def _what_was_refused(text: str) -> str:
    """Find the first duplicate key or forbidden literal: a second pass, made only for the message."""
    keys: list[set[str]] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in ("{", "["):
            if len(keys) == DEPTH:
                return f"nested deeper than {DEPTH}"
            keys.append(set())
        elif token in ("}", "]"):
            keys.pop()
        elif token in ("NaN", "Infinity", "-Infinity"):
            return f"{_place(text, match.start())}: {token} is not a JSON number"
        elif match[2]:
            key = match[1][1:-1] if "\\" not in match[1] else str(json.loads(match[1]))
            if key in keys[-1]:
                return f"{_place(text, match.start())}: the key {json.dumps(key[:80], ensure_ascii=False)} is repeated"
            keys[-1].add(key)
    return "a key is repeated, or a number is not finite"


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line} column {column}"
