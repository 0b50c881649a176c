from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from torso.tasks import classify, fill, tag

HELD_OUT = [
    json.loads(line) for line in (Path(__file__).parent / "heldout.jsonl").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("这家酒店的服务太差了", "negative"),
        ("房间很脏，隔音也不好，下次不会再来了", "negative"),
        ("这本书内容空洞，非常失望", "negative"),
        ("质量很好，物流也快，非常满意", "positive"),
        ("酒店位置方便，房间干净，服务员很热情", "positive"),
        ("手机很漂亮，功能齐全，性价比高", "positive"),
    ],
)
def test_sure_reviews_get_the_right_label(text: str, label: str) -> None:
    assert classify(text).label == label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我有一个大梦想！", "我 有 一个 大 梦想 ！"),
        ("我们在北京学习汉语。", "我们 在 北京 学习 汉语 。"),
        ("经济发展很快，人民生活不断改善。", "经济 发展 很 快 ， 人民 生活 不断 改善 。"),
    ],
)
def test_plain_sentences_are_divided_into_their_words(text: str, words: str) -> None:
    assert [span.text for span in tag(text)] == words.split()


def test_the_sentence_of_the_tour_is_divided_sensibly() -> None:
    text = "弱小的我也有大梦想！"
    words = [span.text for span in tag(text)]
    assert "".join(words) == text
    assert words[-6:] == ["我", "也", "有", "大", "梦想", "！"]


def test_names_are_found_as_persons_places_and_organisations() -> None:
    found = {(span.text, span.label) for span in tag("新华社记者李明在上海会见了美国总统克林顿。")}
    assert {("新华社", "nt"), ("李明", "nr"), ("上海", "ns"), ("美国", "ns"), ("克林顿", "nr")} <= found


def test_digits_count_alike_in_both_widths() -> None:
    wide, narrow = tag("１９９８年１月，价格上涨１２％"), tag("1998年1月，价格上涨12%")
    assert [(span.start, span.end, span.label) for span in wide] == [
        (span.start, span.end, span.label) for span in narrow
    ]


@pytest.mark.parametrize(
    ("text", "token"), [("这家酒店的服[MASK]太差了", "务"), ("非常[MASK]意", "满"), ("我很喜[MASK]这本书", "欢")]
)
def test_a_hidden_character_is_guessed(text: str, token: str) -> None:
    assert fill(text).masks[0][0].token == token


def test_held_out_reviews_are_classified_as_the_card_says() -> None:
    reviews = [each for each in HELD_OUT if "review" in each]
    assert len(reviews) == 300
    labels = classify([each["review"] for each in reviews], long="truncate")
    right = sum(found.label == each["label"] for found, each in zip(labels, reviews, strict=True))
    assert right / len(reviews) >= 0.80


def test_held_out_paragraphs_are_divided_as_the_card_says() -> None:
    paragraphs = [each["words"] for each in HELD_OUT if "words" in each]
    assert len(paragraphs) == 150
    found_words = wanted_words = same_bounds = same_words = 0
    for words, tagged in zip(paragraphs, tag([_text(words) for words in paragraphs]), strict=True):
        found = {(span.start, span.end, span.label) for span in tagged}
        wanted = _spans(words)
        found_words += len(found)
        wanted_words += len(wanted)
        same_words += len(found & wanted)
        same_bounds += len({span[:2] for span in found} & {span[:2] for span in wanted})
    assert 2 * same_bounds / (found_words + wanted_words) >= 0.93
    assert same_words / wanted_words >= 0.90


def _text(words: list[list[str]]) -> str:
    return "".join(word for word, _ in words)


def _spans(words: list[list[str]]) -> set[tuple[int, int, Any]]:
    spans: set[tuple[int, int, Any]] = set()
    place = 0
    for word, label in words:
        spans.add((place, place + len(word), label))
        place += len(word)
    return spans
