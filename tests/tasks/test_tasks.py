from __future__ import annotations

import shutil
from pathlib import Path

import numpy
import pytest

import torso
from torso.architecture import Task
from torso.errors import InputError, InputTypeError, TokenizerError, TooLongError, UntrainedError
from torso.tasks import Filled, Label, Tagged, classify, encode, fill, make_ready, tag

from . import small

TEXT = "弱小的我也有大梦想！"


def test_one_text_a_list_and_an_iterator(models: Path) -> None:
    ready = make_ready(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    one = classify(TEXT, model=ready)
    assert isinstance(one, Label)
    assert set(one.scores) == set(small.SENTIMENT)
    assert one.score == max(one.scores.values()) == one.scores[one.label]
    assert sum(one.scores.values()) == pytest.approx(1, abs=1e-5)
    many = classify([TEXT, "我", "天气很好"], model=ready, budget=8)
    assert isinstance(many, list)
    assert many[0].score == pytest.approx(one.score, abs=1e-5)
    stream = classify(iter([TEXT, "我"]), model=ready)
    assert not isinstance(stream, list)
    assert [each.label for each in stream] == [each.label for each in many[:2]]


def test_scores_equal_the_models_own(models: Path) -> None:
    model = torso.load(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    encoding = torso.load_tokenizer(models / "sequence").encoding("我", "天气")
    wanted = model(torso.pack([encoding])).logits.softmax(-1)[0].detach().tolist()
    assert list(classify([("我", "天气")], model=model)[0].scores.values()) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("kind", ["regression", "multi_label_classification"])
def test_the_kind_of_problem_decides_the_scores(tmp_path: Path, kind: str) -> None:
    labels = small.SENTIMENT if kind != "regression" else ["stars"]
    folder = small.save(tmp_path / "model", Task.SEQUENCE_CLASSIFICATION, labels=labels, problem_type=kind)
    model = torso.load(folder, Task.SEQUENCE_CLASSIFICATION)
    logits = model(torso.pack([torso.load_tokenizer(folder).encoding(TEXT)])).logits[0].detach()
    wanted = logits if kind == "regression" else logits.sigmoid()
    assert list(classify(TEXT, model=model).scores.values()) == pytest.approx(wanted.tolist(), abs=1e-5)


def test_parts_of_a_text_are_parts_of_the_original(models: Path) -> None:
    text = "  今天  Washington 天气\u3000好"
    tagged = tag(text, model=models / "token")
    assert isinstance(tagged, Tagged)
    assert len(tagged) > 0
    assert all(text[span.start : span.end] == span.text for span in tagged)
    assert "".join(span.text for span in tagged).replace(" ", "") == "今天Washington天气好"
    assert {span.label for span in tagged} <= {"n", "v"}


def test_masks_are_filled(models: Path) -> None:
    filled = fill("我有[MASK]梦[MASK]", top=3, model=models / "masked")
    assert isinstance(filled, Filled)
    assert [len(mask) for mask in filled] == [3, 3]
    for number, mask in enumerate(filled):
        scores = [each.score for each in mask]
        assert scores == sorted(scores, reverse=True)
        assert all(each.text.count("[MASK]") == 1 for each in mask)
        best = mask[0]
        parts = best.text.split("[MASK]")
        assert parts[0 if number else 1] == ("我有" if number else "")
    model = torso.load(models / "masked", Task.MASKED_LM)
    tokenizer = torso.load_tokenizer(models / "masked")
    encoding = tokenizer.encoding("我有[MASK]梦[MASK]")
    row = model(torso.pack([encoding])).logits[encoding.ids.index(tokenizer.mask_token_id or -1)].detach().softmax(-1)
    assert filled[0][0].score == pytest.approx(float(row.max()), abs=1e-5)
    assert filled[0][0].token == tokenizer.convert_ids_to_tokens(int(row.argmax()))


def test_a_text_without_a_mask_is_named(models: Path) -> None:
    with pytest.raises(InputError, match=r"Text 1 .*E_NO_MASK"):
        fill(["我[MASK]", "我"], model=models / "masked")


@pytest.mark.parametrize("size", [61, 62, 63])
def test_the_longest_text_that_fits(models: Path, size: int) -> None:
    ready = make_ready(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    if size <= 62:
        assert classify("我" * size, model=ready).truncated is False
        return
    with pytest.raises(TooLongError, match=r"Text 2 is 65 tokens; this model takes 64.*E_TOO_LONG"):
        classify(["我", "我", "我" * size], model=ready)
    cut = classify(["我" * size, "我" * 62], model=ready, long="truncate")
    assert [each.truncated for each in cut] == [True, False]
    assert cut[0].score == pytest.approx(cut[1].score, abs=1e-5)


def test_nothing_runs_before_a_long_text_is_named(models: Path) -> None:
    ready = make_ready(torso.load(models / "sequence", Task.SEQUENCE_CLASSIFICATION), Task.SEQUENCE_CLASSIFICATION)

    def run(*_: object) -> None:
        raise AssertionError("it ran")

    ready.model.register_forward_pre_hook(run)
    with pytest.raises(TooLongError):
        classify(["我"] * 600 + ["我" * 100], model=ready)


def test_an_untrained_head_gives_no_labels(models: Path) -> None:
    model = torso.load(models / "masked", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT, new_head=True)
    with pytest.raises(UntrainedError, match="E_UNTRAINED"):
        classify(TEXT, model=model)
    assert classify(TEXT, model=model, untrained=True).label in small.SENTIMENT


def test_a_tokenizer_that_knows_more_than_the_model(models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(models / "sequence", tmp_path / "model")
    with (folder / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("更\n多\n")
    with pytest.raises(TokenizerError, match="E_TOKENIZER_MODEL"):
        classify(TEXT, model=folder)


@pytest.mark.parametrize(
    ("texts", "kind", "code"),
    [
        (["我", None], InputTypeError, "Text 1 .*E_TEXT"),
        (("我", "你"), InputTypeError, "E_TEXT"),
        (7, InputTypeError, "E_TEXT"),
        ([("我", "你", "他")], (InputTypeError, InputError), "E_TEXT"),
    ],
)
def test_what_is_no_text(models: Path, texts: object, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind, match=code):
        classify(texts, model=models / "sequence")  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_pairs_are_for_models_of_pairs(models: Path) -> None:
    with pytest.raises(InputTypeError, match="E_TEXT"):
        tag([("我", "你")], model=models / "token")  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_model_of_another_task(models: Path) -> None:
    with pytest.raises(InputError, match="E_TASK"):
        tag(TEXT, model=torso.load(models / "sequence", Task.SEQUENCE_CLASSIFICATION))  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_model_that_was_never_loaded_needs_a_tokenizer(models: Path) -> None:
    config = torso.AutoConfig.from_pretrained(models / "sequence")
    model = torso.new_model(config, Task.FEATURES, seed=1)
    with pytest.raises(InputError, match="E_NO_TOKENIZER"):
        encode(TEXT, model=model, pooling="mean")
    made = encode(TEXT, model=model, pooling="mean", tokenizer=torso.load_tokenizer(models / "sequence"))
    assert made.vector.shape == (32,)
    assert made.vector.dtype == numpy.float32
    assert made.vector.base is None, "a view would keep its whole batch"
