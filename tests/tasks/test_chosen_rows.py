"""Tasks ask the last layer for the rows that their heads, or their pooling, read and for no other."""

from __future__ import annotations

from pathlib import Path

import pytest

import torso
from torso.architecture import Task
from torso.batch import Pool


def asked(model: torso.Model) -> list[Pool | None]:
    """What each batch that the model reads from now on asks for."""
    seen: list[Pool | None] = []
    model.register_forward_pre_hook(lambda _, given: seen.append(given[0].pool))
    return seen


def test_labels_follow_from_the_first_row(models: Path) -> None:
    model = torso.load(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    seen = asked(model)
    torso.classify(["我有大梦想", "今天天气很好"], model=model)
    assert seen == ["first"]


@pytest.mark.parametrize(
    ("pooling", "row"), [("cls", "first"), ("lasttoken", "last"), ("mean", None), ("cls+mean", None)]
)
def test_vectors_follow_from_the_rows_that_are_pooled(models: Path, pooling: str, row: Pool | None) -> None:
    model = torso.load(models / "sequence", Task.FEATURES)
    seen = asked(model)
    torso.embed(["我有大梦想", "今天天气很好"], model=model, pooling=pooling)
    assert seen == [row]


def test_vectors_need_no_pooled_rows(models: Path) -> None:
    model = torso.load(models / "sequence", Task.FEATURES)
    assert model.head.pooler is not None
    ran: list[object] = []
    model.head.pooler.register_forward_hook(lambda *_: ran.append(_))
    torso.embed(["我有大梦想", "今天天气很好"], model=model, pooling="mean")
    assert not ran
    encoding = torso.load_tokenizer(models / "sequence").encoding("我有大梦想")
    assert model(torso.pack([encoding])).pooled is not None
    assert ran
