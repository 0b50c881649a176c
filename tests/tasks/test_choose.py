from __future__ import annotations

from pathlib import Path

import pytest
import torch

from torso.errors import InputTypeError, TooLongError
from torso.tasks import choose

from .reference import save, text_of

pytestmark = pytest.mark.filterwarnings("ignore")
QUESTIONS = [
    ("The sky is", ["blue", "square 🎉", "弱小的我"]),
    (text_of(40), [text_of(3), text_of(20)]),
    ("x", ["the only one"]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("swag"), "ForMultipleChoice")


def test_scores_are_the_reference_models(folder: Path) -> None:
    import transformers

    model = transformers.AutoModelForMultipleChoice.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for made, (question, choices) in zip(choose(QUESTIONS, model=folder), QUESTIONS, strict=True):
        inputs = tokenizer([question] * len(choices), choices, padding=True, return_tensors="pt")
        with torch.no_grad():
            wanted = model(**{name: value[None] for name, value in inputs.items()}).logits[0].softmax(-1)
        assert made.scores == pytest.approx(wanted.tolist(), abs=1e-5)
        assert made.index == int(wanted.argmax())
        assert (made.choice, made.score) == (choices[made.index], made.scores[made.index])
        assert made.question == question


def test_one_and_a_stream(folder: Path) -> None:
    many = choose(QUESTIONS, model=folder)
    assert choose(*QUESTIONS[0], model=folder).scores == pytest.approx(many[0].scores, abs=1e-6)
    assert [each.choice for each in choose(iter(QUESTIONS * 200), model=folder)] == [each.choice for each in many] * 200


def test_what_is_no_question_and_what_is_too_long(folder: Path) -> None:
    for wrong in ([("x", [])], [("x", "ab")], ["x"], [("x", ["a", None])]):
        with pytest.raises(InputTypeError, match=r"Question 0 .*E_TEXT"):
            choose(wrong, model=folder)  # pyright: ignore[reportCallIssue, reportArgumentType]
    long = [("a", ["b", "c"]), ("a", ["b", "c", text_of(900)]), ("d", ["e"])]
    with pytest.raises(TooLongError, match=r"Text 1 "):
        choose(long, model=folder)
    assert [each.truncated for each in choose(long, model=folder, long="truncate")] == [False, True, False]
