"""``answer`` against the rule of transformers' pipeline, worked out once more from its model and its tokenizer.

Version 5 of that library has the task no longer; that of 4.57 gave the same answers on these checkpoints and texts.
"""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
import torch

from torso.errors import InputTypeError, TooLongError
from torso.tasks import answer

from .reference import save, text_of, texts_of

pytestmark = pytest.mark.filterwarnings("ignore")
QUESTION = "Who wrote the report?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("squad"), "ForQuestionAnswering")


@pytest.fixture(scope="module")
def reference(folder: Path):
    import transformers

    model = transformers.AutoModelForQuestionAnswering.from_pretrained(folder).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


def expected(reference, question: str, text: str, *, top: int, impossible: bool, longest: int, words: bool):
    model, tokenizer = reference
    windows = tokenizer(
        question, text, truncation="only_second", max_length=384, stride=128,
        return_overflowing_tokens=True, return_offsets_mapping=True,
    )  # fmt: skip
    found: list[list] = []
    absent = 1e6
    for encoding in windows.encodings:
        inputs = {
            "input_ids": [encoding.ids],
            "token_type_ids": [encoding.type_ids],
            "attention_mask": [encoding.attention_mask],
        }
        with torch.no_grad():
            out = model(**{name: torch.tensor(value) for name, value in inputs.items()})
        mine = numpy.array([sequence == 1 for sequence in encoding.sequence_ids])
        shown = mine.copy()
        shown[0] = True
        begins, ends = (numpy.where(shown, logits[0].numpy(), -1e4) for logits in (out.start_logits, out.end_logits))
        begins, ends = (numpy.exp(each - each.max()) / numpy.exp(each - each.max()).sum() for each in (begins, ends))
        absent = min(absent, float(begins[0] * ends[0]))
        places = numpy.flatnonzero(mine)
        ranked = sorted(
            ((float(begins[s] * ends[e]), s, e) for s in places for e in places if s <= e < s + longest), reverse=True
        )
        for score, s, e in ranked[: 2 * top + 10 if words else top]:
            begin, end = encoding.offsets[s][0], encoding.offsets[e][1]
            if words:
                begin = encoding.word_to_chars(encoding.token_to_word(int(s)), 1)[0]
                end = encoding.word_to_chars(encoding.token_to_word(int(e)), 1)[1]
            known = [each for each in found if each[3].lower() == text[begin:end].lower()]
            if known:
                known[0][0] += score
            else:
                found.append([score, begin, end, text[begin:end]])
    if impossible:
        found.append([absent, 0, 0, ""])
    best = sorted(found, key=lambda each: -each[0])[:top]
    return [(own, begin, end, pytest.approx(score, abs=1e-5)) for score, begin, end, own in best]


CASES = [
    dict(top=1, impossible=False, longest=15, words=True),
    dict(top=5, impossible=True, longest=15, words=True),
    dict(top=3, impossible=False, longest=4, words=False),
]


@pytest.mark.parametrize("how", CASES)
@pytest.mark.parametrize("words", [1, 5, 60, 180, 2000])
def test_answers_scores_and_places(folder: Path, reference, how: dict, words: int) -> None:
    text = text_of(words)
    made = answer(
        QUESTION, text, model=folder, top=how["top"], impossible=how["impossible"], longest=how["longest"],
        whole_words=how["words"],
    )  # fmt: skip
    wanted = expected(reference, QUESTION, text, **how)
    assert [(each.text, each.start, each.end, each.score) for each in made] == wanted
    assert all(text[each.start : each.end] == each.text for each in made)
    assert (made.extent.windows > 1) == (words >= 180)


def test_lists_and_streams(folder: Path) -> None:
    pairs = [(QUESTION, text) for text in texts_of(3, 200, 9)]
    many = answer(pairs, model=folder)
    assert [each.text for each in many] == [text for _, text in pairs]
    for one, stream, (question, text) in zip(many, answer(iter(pairs), model=folder), pairs, strict=True):
        alone = answer(question, text, model=folder)
        assert alone.answers[0].text == one.answers[0].text == stream.answers[0].text
        assert alone[0].score == pytest.approx(one[0].score, abs=1e-6)


def test_a_text_without_words_has_no_answer(folder: Path) -> None:
    made = answer(QUESTION, "  ", model=folder)
    assert (made.answers, len(made)) == ((), 0)
    assert [each.text for each in answer(QUESTION, " ", model=folder, impossible=True)] == [""]


def test_what_is_no_question(folder: Path) -> None:
    with pytest.raises(InputTypeError, match="E_TEXT"):
        answer(QUESTION, model=folder)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(InputTypeError, match=r"Text 1 is not a pair"):
        answer([(QUESTION, "x"), "y"], model=folder)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(InputTypeError, match="beside"):
        answer([(QUESTION, "x")], "y", model=folder)  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_length_is_a_matter_of_choice(folder: Path) -> None:
    long = text_of(900)
    with pytest.raises(TooLongError, match=r"Text 1 .*this model takes 512"):
        answer([(QUESTION, "x"), (QUESTION, long)], model=folder, long="error")
    cut = answer(QUESTION, long, model=folder, long="truncate")
    assert cut.truncated
    assert cut.extent.read == 512
    assert cut.extent.span is not None
    assert cut[0].end <= cut.extent.span[1]
    with pytest.raises(TooLongError, match="must be read whole"):
        answer("why " * 600, "because", model=folder)
