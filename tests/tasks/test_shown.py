"""How results with arrays look in a terminal and in a notebook."""

from __future__ import annotations

import copy
import json
import pickle
import re

import numpy as np
import pytest

import torso
from torso.io.html_table import LIMIT
from torso.io.shown import ShownList
from torso.tasks.embedding import MultiVectorEmbedding, SparseEmbedding
from torso.tasks.extents import Extent
from torso.tasks.predictions import Answer, Answered, Fill, Filled, Hit, Label, Match, Ranked, Span, Tagged

WHOLE = Extent(tokens=9, read=9)


def test_vectors_of_tokens() -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(3, 4)
    made = MultiVectorEmbedding(vectors, ("a", "b", "c"), True, False, "", None, WHOLE)
    assert "vectors=[3, 4]" in repr(made)
    assert "[3, 4]: 0.0000, 1.0000, 2.0000, 3.0000, 4.0000, 5.0000, …" in made._repr_html_()


def test_ids_have_no_decimals() -> None:
    ids, values = np.array([1, 20, 300, 4000]), np.array([0.5, 1, 2, 3], np.float32)
    made = SparseEmbedding(ids, values, ("a", "b", "c", "d"), 5000, "max", "", None, WHOLE)
    assert "indices=[1, 20, 300, … (4)]" in repr(made)
    assert "values=[0.5000, 1.0000, 2.0000, … (4)]" in repr(made)
    assert "[4]: 1, 20, 300, 4000" in made._repr_html_()


# -- lists -------------------------------------------------------------------------------------------------------------


def cells(html: str) -> list[list[str]]:
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_a_list_of_results_is_a_table_with_a_row_for_each() -> None:
    labels = ShownList(
        Label(name, score, {"a": 1 - score, "b": score}, WHOLE) for name, score in (("b", 0.75), ("a", 0.5))
    )
    html = labels._repr_html_()
    assert html is not None
    assert "<b>Label × 2</b>" in html
    assert cells(html) == [["#", "label", "score", ""], ["0", "b", "0.7500", "███████▌"], ["1", "a", "0.5000", "█████"]]


def test_parts_are_shown_by_the_first_of_them() -> None:
    spans = tuple(Span(f"word{n}", n, n + 1, "PER" if n else "", 0.9) for n in range(5))
    tagged = ShownList([Tagged("a <b> text", spans, WHOLE), Tagged("none", (), WHOLE)])
    assert cells(str(tagged._repr_html_())) == [
        ["#", "text", "spans"],
        ["0", "a &lt;b&gt; text", "word0 0.9000, word1 PER, word2 PER, … (5)"],
        ["1", "none", ""],
    ]
    masks = ((Fill("好", 0.5, "x", 7), Fill("坏", 0.25, "y", 8)), (Fill("人", 1.0, "z", 9),))
    filled = ShownList([Filled("[MASK] [MASK]", masks, WHOLE)])
    assert cells(str(filled._repr_html_()))[1] == ["0", "[MASK] [MASK]", "好 0.5000, 人 1.0000"]
    answered = ShownList([Answered("Who?", "Ann", (Answer("Ann", 0, 3, 0.5),), WHOLE)])
    assert cells(str(answered._repr_html_()))[1] == ["0", "Who?", "Ann", "Ann 0.5000"]
    ranked = ShownList([Ranked("q", (Match("t", 0, 0.25),), "cosine")])
    assert cells(str(ranked._repr_html_()))[1] == ["0", "q", "t 0.2500", "cosine"]


def test_what_was_not_read_whole_is_noted_in_its_row() -> None:
    cut = Extent(tokens=9, read=4)
    html = str(ShownList([Label("a", 0.5, {}, WHOLE), Label("a", 0.5, {}, cut)])._repr_html_())
    assert [row[-1] for row in cells(html)] == ["", "", "4 of 9 tokens were read"]


def test_a_long_list_is_cut_and_counted() -> None:
    hits = ShownList(Hit("a.txt", "x" * 300, 0, 300, 0.5) for _ in range(100_000))
    html = str(hits._repr_html_())
    assert len(html) < LIMIT + 2000
    assert re.search(r"first \d+ of 100000", html)


def test_such_a_list_is_a_list() -> None:
    labels = ShownList([Label("a", 0.5, {}, WHOLE)])
    for other in (copy.copy(labels), copy.deepcopy(labels), pickle.loads(pickle.dumps(labels)), list(labels)):
        assert other == labels
    assert repr(labels) == repr(list(labels))
    assert ShownList()._repr_html_() is None
    assert ShownList([1, 2])._repr_html_() is None
    assert json.dumps(ShownList([1])) == "[1]"


@pytest.mark.parametrize("function", [torso.classify, torso.embed])
def test_tasks_give_such_lists(function) -> None:
    found = function(["好", "不好吃"])
    assert isinstance(found, ShownList)
    assert len(cells(str(found._repr_html_()))) == 3
