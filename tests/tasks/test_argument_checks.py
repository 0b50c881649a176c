"""Arguments that are none: refused before anything is loaded or run, and by what they should be."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import torso
from torso.errors import InputError, InputTypeError, TorsoError

TEXT = "我在北京"


@pytest.mark.parametrize("value", ["a", 2.5, True, [1], float("nan")])
def test_a_number_of_results_is_a_whole_number(value: Any) -> None:
    with pytest.raises(InputTypeError, match="whole number of at least 1"):
        torso.classify(TEXT, top=value)
    with pytest.raises(InputTypeError, match="whole number of at least 1"):
        torso.fill("我[MASK]", top=value)


def test_whole_numbers_of_numpy_are_taken() -> None:
    assert len(torso.classify(TEXT, top=numpy.int64(1)).scores) == 1


@pytest.mark.parametrize("value", ["no", "false", 0, 1])
def test_what_is_said_with_yes_or_no_is_no_text_that_counts_as_yes(value: Any) -> None:
    with pytest.raises(InputTypeError, match="True or False"):
        torso.embed(TEXT, normalize=value)
    with pytest.raises(InputTypeError, match="True or False"):
        torso.fill("我[MASK]", whole_words=value)
    assert torso.embed(TEXT, normalize=numpy.bool_(True)).normalized


def test_a_stride_below_nothing_is_refused_of_short_texts_too() -> None:
    with pytest.raises(InputError, match="stride is -1"):
        torso.classify(TEXT, long="window", stride=-1)
    assert torso.classify(TEXT, long="window", stride=0).label


@pytest.mark.parametrize("model", [None, 3, object(), {"model": "x"}])
def test_what_is_no_model_is_refused(model: Any) -> None:
    for call in (lambda: torso.classify(TEXT, model=model), lambda: torso.similar(TEXT, [TEXT], model=model)):
        with pytest.raises(InputTypeError, match=r"none of torso's|named by a text"):
            call()


def test_messages_call_a_model_that_torso_brings_by_its_name() -> None:
    with pytest.raises(TorsoError) as caught:
        torso.fill("我[MASK]", model="torso:tagger")
    assert caught.value.code == "E_NO_HEAD"
    assert "torso train --model torso:tagger" in str(caught.value)
    assert "site-packages" not in str(caught.value)
    assert "bundled" not in str(caught.value)
