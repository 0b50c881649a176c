"""Text as it comes: the pieces are the text, no piece ends within a character, and stop strings are cut off whole."""

from __future__ import annotations

import random

import pytest

from conftest import seed
from text.corpus import TEXTS
from text.vocabularies import folder_of
from torso import Tokenizer
from torso.generation.logits_processors import GenerationState
from torso.generation.streaming import StopStrings, StreamedText

FAMILIES = ["gpt2", "qwen2", "llama", "llama-no-prefix", "t5", "bert"]
WHOLE = [text for text in TEXTS if "\ufffd" not in text]


@pytest.fixture(scope="module", params=FAMILIES)
def tokenizer(request, tmp_path_factory) -> Tokenizer:
    return Tokenizer.from_folder(folder_of(request.param, tmp_path_factory.mktemp("t") / request.param))


@pytest.fixture(scope="module")
def bytes_tokenizer(tmp_path_factory) -> Tokenizer:
    return Tokenizer.from_folder(folder_of("gpt2", tmp_path_factory.mktemp("t") / "gpt2"))


def told(tokenizer: Tokenizer, prompt: list[int], ids: list[int], stops: tuple[str, ...] = ()) -> list[str]:
    stream = StreamedText(tokenizer, prompt, stops)
    return [*(stream.push(number) for number in ids), stream.flush()]


def test_the_pieces_are_the_text(tokenizer) -> None:
    for text in WHOLE:
        ids = tokenizer.encoding(text, special=False).ids
        whole = tokenizer.decode(ids, skip_special_tokens=True)
        parts = told(tokenizer, [], ids)
        assert "".join(parts) == whole, text
        assert not any("\ufffd" in part for part in parts)
        assert parts[-1] == "" or whole.startswith("[") or len(ids) < 3, (text, parts)


def test_the_seam_to_the_prompt_is_kept(tokenizer) -> None:
    dice = random.Random(seed())
    for text in WHOLE:
        ids = tokenizer.encoding(text, special=False).ids
        for _ in range(4):
            cut = dice.randint(0, len(ids))
            before = tokenizer.decode(ids[:cut], skip_special_tokens=True)
            whole = tokenizer.decode(ids, skip_special_tokens=True)
            if before.endswith("\ufffd") or not whole.startswith(before):
                continue  # within a character there is no seam
            assert "".join(told(tokenizer, ids[:cut], ids[cut:])) == whole[len(before) :], (text, cut)


def test_a_character_of_several_tokens_comes_at_once(bytes_tokenizer) -> None:
    ids = bytes_tokenizer.encoding("𓀀𓁀", special=False).ids
    assert len(ids) > 4
    parts = told(bytes_tokenizer, [], ids)
    assert [part for part in parts if part] == ["𓀀", "𓁀"]


@pytest.fixture(scope="module", params=["gpt2", "qwen2", "llama"])
def in_bytes(request, tmp_path_factory) -> Tokenizer:
    return Tokenizer.from_folder(folder_of(request.param, tmp_path_factory.mktemp("t") / request.param))


@pytest.mark.parametrize("mark", ["𓀀", "😀", "𠀋", "\u0800", "é"])
def test_a_character_that_is_not_complete_is_left_out(in_bytes, mark) -> None:
    whole = in_bytes.encoding(mark, special=False).ids
    for count in range(len(whole)):
        ids = in_bytes.encoding("abc", special=False).ids
        begun = "".join(told(in_bytes, [], [*ids, *whole[:count]]))
        assert "\ufffd" not in begun
        assert begun.startswith("abc")
    assert mark in "".join(told(in_bytes, [], [*ids, *whole]))


def test_the_end_of_a_text_completes_no_character(bytes_tokenizer) -> None:
    ids = bytes_tokenizer.encoding("𓀀", special=False).ids[:2]
    assert told(bytes_tokenizer, [], [*ids, *bytes_tokenizer.all_special_ids[:1]])[-1] == ""


def test_bytes_that_are_no_character_come_in_the_end(bytes_tokenizer) -> None:
    ids = bytes_tokenizer.encoding("𓀀", special=False).ids[:2]
    assert told(bytes_tokenizer, [], ids) == ["", "", ""]
    after = bytes_tokenizer.encoding("abc", special=False).ids
    assert "".join(told(bytes_tokenizer, [], ids + after)).endswith("abc")
    assert set("".join(told(bytes_tokenizer, [], ids[1:]))) == {"\ufffd"}  # begins within a character
    written = bytes_tokenizer.encoding("a\ufffd", special=False).ids
    assert "".join(told(bytes_tokenizer, [], written)) == "a\ufffd"  # the model wrote that character itself


def test_ids_that_no_token_has_are_no_text(bytes_tokenizer) -> None:
    ids = bytes_tokenizer.encoding("hello", special=False).ids
    assert "".join(told(bytes_tokenizer, [], [10**6, *ids, 10**6])) == "hello"


@pytest.mark.parametrize("stops", [("lo w",), ("wor", "nothing"), ("o",), ("hello world!",), ("d",), ("w", "lo")])
def test_stop_strings_are_cut_and_never_shown_in_part(stops, bytes_tokenizer) -> None:
    text = "hello world"
    ids = [number for mark in text for number in bytes_tokenizer.encoding(mark, special=False).ids]
    parts = told(bytes_tokenizer, [], ids, stops)
    found = [text.index(stop) for stop in stops if stop in text]
    assert "".join(parts) == text[: min(found, default=len(text))]
    stop = StopStrings(bytes_tokenizer, stops)
    hits = [stop(GenerationState([0, *ids[:n]], 1, 99)) for n in range(1, len(ids) + 1)]
    ends = [text.index(each) + len(each) for each in stops if each in text]
    assert hits.index(True) + 1 == min(ends) if ends else not any(hits)


def test_a_stop_string_of_the_prompt_stops_nothing(bytes_tokenizer) -> None:
    ids = bytes_tokenizer.encoding("stop", special=False).ids
    assert not StopStrings(bytes_tokenizer, ["stop"])(GenerationState([*ids, ids[0]], len(ids), 99))
