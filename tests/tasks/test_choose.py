from __future__ import annotations

from pathlib import Path
from typing import Literal

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


@pytest.mark.parametrize("merge", ["max", "mean"])
def test_a_long_question_is_read_in_windows(tmp_path: Path, merge: Literal["max", "mean"]) -> None:
    """Each alternative's score is made of those that the reference gives for each window with the alternative."""
    import transformers

    folder = save(tmp_path, "ForMultipleChoice", limit=40)
    model = transformers.AutoModelForMultipleChoice.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    question, choices = text_of(90), [text_of(2), text_of(5)]
    wanted: list[torch.Tensor] = []
    for choice in choices:
        windows = tokenizer(
            question, choice, truncation="only_first", max_length=40, stride=6, return_overflowing_tokens=True
        )
        with torch.no_grad():
            logits = [
                model(**{name: torch.tensor([[windows[name][n]]]) for name in ("input_ids", "token_type_ids")}).logits
                for n in range(len(windows["input_ids"]))
            ]
        assert len(logits) > 2
        rows = torch.cat(logits).flatten()
        wanted.append(rows.amax() if merge == "max" else rows.mean())
    asked: list[tuple[str, list[str]]] = [("a", ["b", "c"]), (question, choices)]
    short, made = choose(asked, model=folder, long="window", stride=6, merge=merge)
    assert made.scores == pytest.approx(torch.stack(wanted).softmax(0).tolist(), abs=1e-5)
    assert (made.extent.merge, made.truncated, made.extent.windows) == (merge, False, len(logits))
    assert (short.extent.windows, short.scores) == (1, choose("a", ["b", "c"], model=folder).scores)
    usual = choose(asked, model=folder, long="window", stride=6)[1]
    assert (usual.scores == made.scores, usual.extent.merge) == (merge == "max", "max")
