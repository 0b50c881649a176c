"""Patterns that meet untrusted text take no memory for each character, and no quadratic time."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest

from torso.io.strict_json import decode_json
from torso.tasks.chunking import _SENTENCE
from torso.tasks.passages import _PARAGRAPH

LONG = 3_000_000


def refused(text: str) -> None:
    with pytest.raises(ValueError, match="repeated"):
        decode_json(text)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (refused, '{"a":"' + "x" * LONG + '","a":1}'),
        (refused, '{"a":"' + "\\n" * (LONG // 2) + '","a":1}'),
        (refused, '{"a":"' + "中" * LONG + '","b":{"c":1,"c":2}}'),
        (lambda text: list(_PARAGRAPH.finditer(text)), "x" * LONG),
        (lambda text: list(_PARAGRAPH.finditer(text)), "x\n" * (LONG // 2)),
        (lambda text: list(_SENTENCE.finditer(text)), "a" * LONG),
        (lambda text: list(_SENTENCE.finditer(text)), "a" + "." * (LONG // 10) + "b"),
        (lambda text: list(_SENTENCE.finditer(text)), "a" + '!"' * (LONG // 20) + "b"),
    ],
    ids=["string", "escapes", "wide", "paragraph", "lines", "sentence", "dots", "dots and quotation marks"],
)
def test_memory_and_time_are_flat(call: Callable[[str], object], text: str) -> None:
    tracemalloc.start()
    begin = time.process_time()
    try:
        call(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * LONG
    assert time.process_time() - begin < 10
