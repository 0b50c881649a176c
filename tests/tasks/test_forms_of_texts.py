"""Texts in every form that holds several in order, without the library that it comes from being imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from torso.errors import InputTypeError
from torso.tasks import classify, encode, rerank, similar

from . import small

TEXTS = ["我有大梦想", "今天天气很好", "这本书不好看"]


class Series:
    """As pandas'."""

    def __init__(self, values: list[object]) -> None:
        self.values = values

    def tolist(self) -> list[object]:
        return list(self.values)


class Column:
    """As Arrow's, which iterates as scalars."""

    def to_pylist(self) -> list[str]:
        return list(TEXTS)

    def __iter__(self) -> Iterator[object]:
        return iter([object()] * 3)


FORMS = [
    numpy.array(TEXTS),
    numpy.array(TEXTS, dtype=object),
    Series([*TEXTS]),
    Column(),
    dict.fromkeys(TEXTS).keys(),
    dict(enumerate(TEXTS)).values(),
]


@pytest.mark.parametrize("form", FORMS)
def test_several_texts(models: Path, form: object) -> None:
    wanted = [each.score for each in classify(TEXTS, model=models / "sequence")]
    made = classify(form, model=models / "sequence")  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert isinstance(made, list)
    assert [each.score for each in made] == pytest.approx(wanted)


def test_the_forms_of_pandas_and_arrow_themselves(models: Path) -> None:
    pandas = pytest.importorskip("pandas")
    wanted = [each.score for each in classify(TEXTS, model=models / "sequence")]
    assert [each.score for each in classify(pandas.Series(TEXTS), model=models / "sequence")] == pytest.approx(wanted)
    arrow = pytest.importorskip("pyarrow")
    assert [each.score for each in classify(arrow.array(TEXTS), model=models / "sequence")] == pytest.approx(wanted)


@pytest.mark.parametrize("form", FORMS)
def test_texts_and_queries_that_are_compared(models: Path, form: object, tmp_path: Path) -> None:
    options = {"model": models / "masked", "pooling": "mean"}
    for queries, texts in ((["天气", "书"], form), (form, TEXTS)):
        wanted = similar(["天气", "书"] if texts is form else TEXTS, TEXTS, **options)
        made = similar(queries, texts, **options)
        assert [[match.index for match in each] for each in made] == [[m.index for m in each] for each in wanted]
    from torso.architecture import Task

    ranker = small.save(tmp_path / "rank", Task.SEQUENCE_CLASSIFICATION, labels=["score"])
    assert rerank("天气", form, model=ranker) == rerank("天气", TEXTS, model=ranker)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_an_array_of_pairs(models: Path) -> None:
    pairs = [("我有", "梦想"), ("今天", "天气")]
    wanted = [each.score for each in classify(pairs, model=models / "sequence")]
    made = classify(numpy.array(pairs), model=models / "sequence")  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert [each.score for each in made] == pytest.approx(wanted)
    items = dict(pairs).items()
    assert [each.score for each in classify(items, model=models / "sequence")] == pytest.approx(wanted)  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.mark.parametrize("form", [set(TEXTS), {"a": "b"}, b"text", 3, None, numpy.array("text"), Series([1.5, "x"])])
def test_what_is_no_list_of_texts(models: Path, form: object) -> None:
    with pytest.raises(InputTypeError, match="E_TEXT"):
        classify(form, model=models / "sequence")  # pyright: ignore[reportArgumentType, reportCallIssue]
    with pytest.raises(InputTypeError, match="E_TEXT"):
        similar("x", form, model=models / "masked", pooling="mean")  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_nothing_is_imported_for_it(models: Path) -> None:
    before = set(sys.modules)
    encode(Series([*TEXTS]), model=models / "masked", pooling="mean")  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert not {"pandas", "pyarrow", "polars"} & (set(sys.modules) - before)
