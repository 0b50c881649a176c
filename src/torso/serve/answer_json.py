"""Answers as JSON, in pieces: one long call would keep every other thread from running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_PIECE = 64
"""Members of a list that are written at a time; of vectors of 384 numbers about a millisecond."""


def is_long(value: Any) -> bool:
    """Return whether an answer is a list of many members, or an object with one."""
    if isinstance(value, list):
        return len(cast("list[Any]", value)) > _PIECE
    if isinstance(value, dict):
        for each in cast("dict[object, object]", value).values():
            if isinstance(each, list) and len(cast("list[Any]", each)) > _PIECE:
                return True
    return False


def dumped_at_once(value: Any) -> bytes:
    """Return an answer as JSON in one call."""
    return orjson.dumps(value, option=_OPTIONS)


def dumped(value: Any) -> bytes:
    """Return an answer as JSON; a long one in pieces, between which other threads run: call it in a thread."""
    if not is_long(value):
        return dumped_at_once(value)
    if isinstance(value, list):
        members = cast("Sequence[Any]", value)
        starts = range(0, len(members), _PIECE)
        pieces = (orjson.dumps(members[start : start + _PIECE], option=_OPTIONS)[1:-1] for start in starts)
        return b"[" + b",".join(pieces) + b"]"
    named = cast("Mapping[str, Any]", value)
    return b"{" + b",".join(orjson.dumps(name) + b":" + dumped(each) for name, each in named.items()) + b"}"
