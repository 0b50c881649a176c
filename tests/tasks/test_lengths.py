"""Windows hold every token, results say what was read, and errors name the text before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import torso
from torso.architecture import Task
from torso.errors import InputError, TooLongError
from torso.tasks import classify, encode, make_ready, tag
from torso.tasks.reading import read
from torso.tasks.windows import length_policy

from . import small
from .reference import MINILM, text_of


@pytest.fixture(scope="module")
def tokenizer() -> torso.Tokenizer:
    return torso.load_tokenizer(MINILM).limited(64)


def moving(window, full) -> list[int]:
    return [number for number, text in zip(window.ids, window.sequence, strict=True) if text == full]


@settings(deadline=None, max_examples=30)
@given(words=st.integers(1, 400), stride=st.none() | st.integers(0, 60), seed=st.integers(0, 5))
def test_windows_hold_every_token_where_they_say(words: int, stride: int | None, seed: int) -> None:
    tokenizer = torso.load_tokenizer(MINILM).limited(64)
    text = text_of(words, seed)
    whole = tokenizer.encoding(text)
    windows = list(read([text], tokenizer, length_policy(64, "window", stride)))
    inner = [number for number, text in zip(whole.ids, whole.sequence, strict=True) if text == 0]
    held: set[int] = set()
    for window in windows:
        own = moving(window, 0)
        assert len(window) <= 64
        assert own == inner[window.start : window.start + len(own)]
        held |= set(range(window.start, window.start + len(own)))
    assert held == set(range(len(inner)))
    assert [window.last for window in windows] == [False] * (len(windows) - 1) + [True]
    assert {window.size for window in windows} == {len(whole)}


def test_windows_from_the_right(tmp_path: Path) -> None:
    import json
    import shutil

    for name in ("tokenizer.json", "vocab.txt"):
        shutil.copy(MINILM / name, tmp_path)
    table = json.loads((MINILM / "tokenizer_config.json").read_text("utf-8")) | {"truncation_side": "left"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(table))
    tokenizer = torso.Tokenizer.from_folder(tmp_path)
    assert tokenizer.truncation_side == "left"
    inner = tokenizer.encoding(text_of(150), special=False).ids
    windows = list(read([text_of(150)], tokenizer, length_policy(64, "window", 10)))
    for window in windows:
        own = moving(window, 0)
        assert own == inner[window.start : window.start + len(own)]
    assert {window.start for window in windows} >= {0, len(inner) - 62}


def test_windows_move_over_the_longer_of_a_pair(tokenizer: torso.Tokenizer) -> None:
    short, long = "a short one", text_of(100)
    for pair, place in (((short, long), 1), ((long, short), 0)):
        windows = list(read([pair], tokenizer, length_policy(64, "window")))
        assert len(windows) > 1
        assert {window.moving for window in windows} == {place}
        assert all(window.sequence.count(1 - place) == 3 for window in windows)
    with pytest.raises(TooLongError, match="must be read whole"):
        list(read([(long, long)], tokenizer, length_policy(64, "window")))


@pytest.mark.parametrize("size", [62, 63, 200])
def test_results_say_what_was_read(models: Path, size: int) -> None:
    text = "我" * size
    made = [
        classify(text, model=models / "sequence", long="truncate"),
        tag(text, model=models / "token", long="truncate"),
        encode(text, model=models / "masked", pooling="mean", long="truncate"),
    ]
    for each in made:
        assert each.extent.tokens == size + 2
        assert each.extent.read == min(size + 2, 64)
        assert each.truncated == (size > 62)
        assert each.extent.span == ((0, 62) if size > 62 else None)
        assert each.extent.windows == 1
    whole = classify(text, model=models / "sequence", long="window").extent
    assert (whole.windows > 1) == (size > 62)
    assert (whole.read, whole.merge) == (size + 2, "mean" if size > 62 else "")


def test_the_characters_read_are_those_of_the_text_and_not_of_its_prompt(models: Path) -> None:
    made = encode("我" * 100, model=models / "masked", pooling="mean", prompt="今天", long="truncate")
    assert made.prompt == "今天"
    assert made.extent.span == (0, 60)


def test_nothing_runs_before_a_long_text_is_named_however_long_the_list(models: Path) -> None:
    model = torso.load(models / "sequence", Task.SEQUENCE_CLASSIFICATION)
    ready = make_ready(model, Task.SEQUENCE_CLASSIFICATION)
    ready.model.register_forward_pre_hook(_refuse)
    with pytest.raises(TooLongError, match=r"Text 9000 .*Nothing was run"):
        classify(["我"] * 9000 + ["我" * 100], model=ready)


def _refuse(*_: object) -> None:
    raise AssertionError("it ran")


def test_a_stream_is_not_said_to_have_run_nothing(models: Path) -> None:
    stream = classify(iter(["我"] * 600 + ["我" * 100]), model=models / "sequence", budget=8)
    assert next(stream).label in small.SENTIMENT
    with pytest.raises(TooLongError, match=r"Text 600 .*It was not run"):
        list(stream)


def test_a_wrong_text_is_named_by_its_place_in_the_whole(models: Path) -> None:
    for wrong, code in ((None, "Text 700 is None"), ("\ud800", r"Text 700 .*surrogate")):
        with pytest.raises((InputError, TypeError), match=code):
            classify(["我"] * 700 + [wrong], model=models / "sequence")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "wrong",
    [
        {"long": "cut"},
        {"stride": 3},
        {"merge": "max"},
        {"long": "window", "merge": "longest"},
        {"long": "window", "stride": 62},
        {"long": "window", "stride": -1},
    ],
)
def test_arguments_that_cannot_be(models: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="E_ARGUMENT"):
        classify("我" * 100, model=models / "sequence", **wrong)  # pyright: ignore[reportArgumentType, reportCallIssue]
