"""JSON that nests too deep is refused before a reader follows it to the end of its stack."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torso.errors import TorsoError
from torso.io.strict_json import DEPTH, decode_json, nests_deeper
from torso.serve.body_decoding import json_object

OPEN = {"lists": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"]}":', "}]")}
JSON = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('[]{}",:\\a')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('[]{}"\\')), inner, max_size=3),
)


def depth_of(value: object) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth_of, inner), default=0)


@given(JSON, st.integers(0, 6))
def test_depth_is_that_of_the_value(value: object, depth: int) -> None:
    assert nests_deeper(json.dumps(value), depth) is (depth_of(value) > depth)


@given(st.text(st.sampled_from('[]{}",:\\a1')), st.integers(0, 6))
def test_a_text_that_is_no_json_takes_no_more_than_its_time(text: str, depth: int) -> None:
    opened = text.count("[") + text.count("{")
    assert nests_deeper(text, depth) in ((True, False) if opened > depth else (False,))


@pytest.mark.parametrize("kind", OPEN)
def test_the_limit_is_exact(kind: str) -> None:
    begin, end = OPEN[kind]
    levels = DEPTH // (2 if kind == "both" else 1)
    assert depth_of(decode_json(begin * levels + "1" + end * levels)) == DEPTH
    for more in (levels + 1, 2 * levels + 1):
        with pytest.raises(ValueError, match="nested deeper than 64"):
            decode_json(begin * more + "1" + end * more)


@pytest.mark.parametrize("text", ["[" * 65, '{"a":' * 5_000_000, '"' * 5_000_000, '"\\' * 3_000_000, "[]" * 400_000])
def test_a_text_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested deeper|more than|line 1"):
        decode_json(text)


@pytest.mark.parametrize("kind", OPEN)
def test_no_reader_follows_what_is_too_deep(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of its stack, ends of other objects would fail too."""

    def read(text: object) -> None:
        raise AssertionError("it was followed")

    monkeypatch.setattr("torso.io.strict_json._STRICT", SimpleNamespace(decode=read))
    monkeypatch.setattr("msgspec.json.decode", read)
    begin, end = OPEN[kind]
    text = begin * 100_000 + "1" + end * 100_000
    with pytest.raises(ValueError, match="nested deeper than 64"):
        decode_json(text)
    with pytest.raises(TorsoError, match="nested too deeply"):
        json_object(text.encode())
