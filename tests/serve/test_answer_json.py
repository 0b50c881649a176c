"""Answers that are written in pieces are those that are written at once."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torso.serve.answer_json import dumped, is_long

WHOLE = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8)
members = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)
lists = st.integers(0, 200).flatmap(lambda size: st.lists(members, min_size=size, max_size=size))


@given(lists | st.dictionaries(st.text(max_size=4), lists | members, max_size=4) | members)
def test_pieces_are_the_whole(value) -> None:
    assert dumped(value) == orjson.dumps(value, option=WHOLE)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 129])
def test_vectors_at_the_edges_of_pieces(count: int) -> None:
    rows = np.random.default_rng(count).standard_normal((count, 5)).astype(np.float32)
    value = {"object": "list", "data": [{"index": number, "embedding": row} for number, row in enumerate(rows)]}
    assert is_long(value) == (count > 64)
    assert dumped(value) == orjson.dumps(value, option=WHOLE)
    back = [each["embedding"] for each in orjson.loads(dumped(value))["data"]]
    assert (np.array(back, np.float32).reshape(rows.shape) == rows).all()
