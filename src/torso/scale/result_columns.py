"""Arrow columns of the results of each task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torso.scale.arrow import arrow


@dataclass(frozen=True, slots=True)
class Results:
    """How the results of one task become columns.

    Attributes:
        names: of the columns.
        columns: from results (None in the place of a failed row) and the width of vectors to arrays by name.
        extent: how much of the text was read for a result.
    """

    names: tuple[str, ...]
    columns: Callable[[Sequence[Any], int | None], dict[str, Any]]
    extent: Callable[[Any], Any]


def _vectors(results: Sequence[Any], width: int | None) -> dict[str, Any]:
    """``vector``: fixed-size list of float32."""
    import numpy as np

    pa = arrow()

    here = np.array([each is None for each in results], dtype=bool)
    width = width or 0
    rows = np.zeros((len(results), width), dtype=np.float32)
    for place, each in enumerate(results):
        if each is not None:
            rows[place] = np.asarray(each.vector)
    values = pa.array(rows.reshape(-1), pa.float32())
    mask = pa.array(here) if here.any() else None
    return {"vector": pa.FixedSizeListArray.from_arrays(values, width, mask=mask)}


def _labels(results: Sequence[Any], _: int | None) -> dict[str, Any]:
    """``label``: string, ``score``: float64, ``scores``: every label with its score, as list of structs."""
    pa = arrow()

    pair = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())]))
    scores = [
        None if each is None else [{"label": name, "score": value} for name, value in each.scores.items()]
        for each in results
    ]
    return {
        "label": pa.array([None if each is None else each.label for each in results], pa.string()),
        "score": pa.array([None if each is None else each.score for each in results], pa.float64()),
        "scores": pa.array(scores, pair),
    }


def _answers(results: Sequence[Any], _: int | None) -> dict[str, Any]:
    """``answers``: list of text, start, end (characters), score, the likeliest first."""
    return {"answers": _parts([None if each is None else each.answers for each in results])}


def _spans(results: Sequence[Any], _: int | None) -> dict[str, Any]:
    """``spans``: list of text, start, end (characters), label, score."""
    return {"spans": _parts([None if each is None else each.spans for each in results], ("label", arrow().string()))}


def _parts(results: Sequence[Any], *further: tuple[str, Any]) -> Any:
    """Lists of parts of texts as lists of structs of their attributes."""
    pa = arrow()

    span = pa.struct(
        [
            ("text", pa.string()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            *further,
            ("score", pa.float64()),
        ]
    )
    names = [field.name for field in span]
    found = [
        None if each is None else [{name: getattr(part, name) for name in names} for part in each] for each in results
    ]
    return pa.array(found, pa.list_(span))


def _fills(results: Sequence[Any], _: int | None) -> dict[str, Any]:
    """``masks``: for each mask of the text, its proposals as list of token and score."""
    pa = arrow()

    proposal = pa.struct([("token", pa.string()), ("score", pa.float64())])
    masks = [
        None
        if each is None
        else [[{"token": fill.token, "score": fill.score} for fill in proposals] for proposals in each.masks]
        for each in results
    ]
    return {"masks": pa.array(masks, pa.list_(pa.list_(proposal)))}


def _texts(results: Sequence[Any], _: int | None) -> dict[str, Any]:
    """``text``: the likeliest text, ``why``: what ended it."""
    pa = arrow()

    return {
        "text": pa.array([None if each is None else each.text for each in results], pa.string()),
        "why": pa.array([None if each is None else each[0].why for each in results], pa.string()),
    }


def _own_extent(result: Any) -> Any:
    return result.extent


_WRITTEN = Results(("text", "why"), _texts, _own_extent)
_LABELLED = Results(("label", "score", "scores"), _labels, _own_extent)

RESULTS: dict[str, Results] = {
    "embed": Results(("vector",), _vectors, _own_extent),
    "classify": _LABELLED,
    "zero_shot": _LABELLED,
    "tag": Results(("spans",), _spans, _own_extent),
    "answer": Results(("answers",), _answers, _own_extent),
    "fill": Results(("masks",), _fills, _own_extent),
    "generate": _WRITTEN,
    "translate": _WRITTEN,
    "summarise": _WRITTEN,
}
"""The columns of every task of a batch job."""
