"""Long texts in portions of whole sentences, and what was written of them as one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torso.errors import TooLongError
from torso.tasks.chunking import Portion, joined, portions

AROUND = 2


def words(text: str) -> int:
    return len(text.split()) + AROUND


def characters(text: str) -> int:
    return len(text) + AROUND


def texts(found: list[Portion]) -> list[str]:
    return [each.text for each in found]


def test_sentences_stay_whole_and_as_many_as_fit_together() -> None:
    text = 'Mr. Smith said "Hi." Then he left. 3.14 is pi! Is it?\nA new line. The end'
    assert texts(portions(text, words, 9, 0)) == [
        'Mr. Smith said "Hi." Then he left.',
        "3.14 is pi! Is it?",
        "A new line. The end",
    ]
    assert [each.line for each in portions(text, words, 9, 0)] == [False, False, True]
    assert texts(portions("你好。“我在这里！”明天见？再见", characters, 11, 0)) == [
        "你好。",
        "“我在这里！”",
        "明天见？再见",
    ]
    assert texts(portions(text, words, 100, 0)) == [text]
    assert portions(" \n ", words, 9, 0) == []


def test_a_sentence_that_is_too_long_is_cut_between_words_if_it_can_be() -> None:
    assert texts(portions("one two three four five", words, 4, 0)) == ["one two", "three four", "five"]
    assert texts(portions("一二三四五六七", characters, 5, 0)) == ["一二三", "四五六", "七"]
    assert texts(portions("a" * 10_000, characters, 12, 0)) == ["a" * 10] * 1000
    with pytest.raises(TooLongError, match=r"Text 7: .*E_TOO_LONG"):
        portions("word", words, 2, 7)


@given(st.text("ab. \n。!？🎉é\u3000", max_size=60), st.integers(3, 20))
def test_every_character_is_in_one_portion_that_fits(text: str, limit: int) -> None:
    found = portions(text, characters, limit, 0)
    assert "".join("".join(texts(found)).split()) == "".join(text.split())
    assert all(characters(each.text) <= limit and each.text == each.text.strip() != "" for each in found)


def test_portions_join_as_their_script_is_written() -> None:
    def join(*given: str, line: bool = False) -> str:
        return joined(given, [Portion("", False), *(Portion("", line) for _ in given[1:])])

    assert join("Good day. ", " It rains.") == "Good day. It rains."
    assert join("你好。", "再见。") == "你好。再见。"
    assert join("Yes 🎉", "No.") == "Yes 🎉 No."
    assert join("One.", "", "Two.") == "One. Two."
    assert join("One.", "Two.", line=True) == "One.\nTwo."
