"""Arguments of a wrong type, and names of what torso does not have: an error of torso's that says so plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import torso
from torso.errors import InputTypeError, TorsoError
from torso.io.annotated import fits

SENTIMENT = "torso:sentiment"
CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "a text where encodings belong": (lambda: torso.pack("a"), "sequences"),
    "texts where encodings belong": (lambda: torso.pack(["a"]), "sequences"),
    "no tensor": (lambda: torso.unpack("a", None), "rows"),
    "no layout": (lambda: torso.unpack(torso.pack([]).tokens, "a"), "layout"),
    "no tokenizer": (lambda: torso.classify("a", model=SENTIMENT, tokenizer="x"), "tokenizer"),
    "no number": (lambda: torso.classify("a", model=SENTIMENT, budget="x"), "budget"),
    "no name of a pooling": (lambda: torso.embed("a", model=SENTIMENT, pooling=3.5), "pooling"),
    "no model to adapt": (lambda: torso.lora("x"), "model"),
    "no model to merge": (lambda: torso.merge("x"), "model"),
    "no config": (lambda: torso.new_model("x", torso.Task.FEATURES), "config"),
    "no model to rank by": (lambda: torso.rerank("a", ["b"], model=3.5), "model"),
    "no model to look into": (lambda: torso.look(3.5, "a"), "model"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_type_is_said_with_the_argument_s_name(name: str) -> None:
    call, argument = CALLS[name]
    with pytest.raises(InputTypeError) as caught:
        call()
    assert (caught.value.code, caught.value.values["name"]) == ("E_ARGUMENT", argument)
    assert isinstance(caught.value.__cause__, (TypeError, AttributeError)), "where it happened is kept"


@pytest.mark.parametrize(
    ("value", "annotation", "wanted"),
    [
        ("a", "str | None", True),
        (None, "str | None", True),
        (1, "str | None", False),
        (1, "float", True),
        ("a", "Sequence[str]", True),
        ("a", "Sequence[int]", False),
        (["a", 1], "Sequence[str]", False),
        (["a"], "list[str]", True),
        (("a", 1), "tuple[str, int]", True),
        ("sum", 'Literal["mean", "max"]', False),
        ("max", 'Literal["mean", "max"]', True),
        (3, "Nowhere | None", True),
        (3, "os.PathLike[str] | str", False),
        (3, "not an annotation", True),
    ],
)
def test_what_cannot_be_told_fits(value: object, annotation: str, wanted: bool) -> None:
    import os
    from collections.abc import Sequence
    from typing import Literal

    assert fits(value, annotation, {"Sequence": Sequence, "Literal": Literal, "os": os}) is wanted


@pytest.mark.parametrize(
    "name",
    ["AutoModelForImageClassification", "AutoModelForSpeechSeq2Seq", "Wav2Vec2ForCTC"],
)
def test_a_name_of_images_or_sound_has_no_neighbour(name: str) -> None:
    with pytest.raises(TorsoError, match=r"not images, video or sound.*E_NAME"):
        getattr(torso, name)


@pytest.mark.parametrize("task", ["image-classification", "automatic-speech-recognition", "object-detection"])
def test_a_pipeline_of_images_or_sound_has_no_neighbour(task: str) -> None:
    with pytest.raises(TorsoError, match=r"not images, video or sound.*E_TASK"):
        torso.pipeline(task)


def test_a_slip_still_has_its_neighbour() -> None:
    with pytest.raises(TorsoError, match="text-classification"):
        torso.pipeline("text-clasification")
    with pytest.raises(TorsoError, match="AutoModelForTokenClassification"):
        torso.AutoModelForTokenClasification  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
