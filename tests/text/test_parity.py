"""Ids, segments, masks, spans, windows and decoded text are those of transformers' fast tokenizer."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lazy import LazyName
from torso.errors import InputError
from torso.text import Tokenizer

from .conftest import Both
from .corpus import TEXTS, WORDS, write_vocabulary

BertTokenizer = LazyName("transformers", "BertTokenizer")

EVERYTHING = dict(
    return_token_type_ids=True,
    return_attention_mask=True,
    return_special_tokens_mask=True,
    return_offsets_mapping=True,
    return_length=True,
)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "bert-base-chinese-vocab.txt"
COURSE_IDS = [101, 2483, 2207, 4638, 2769, 738, 3300, 1920, 3457, 2682, 8013, 102]


def same(ours, theirs) -> None:
    """Field by field, in order; then what the batch says about its rows."""
    assert list(ours) == list(theirs)
    for name in theirs:
        assert np.array_equal(np.array(ours[name], dtype=object), np.array(theirs[name], dtype=object)), name
        assert ours[name] == theirs[name], name
    for row in range(len(theirs.encodings)):
        assert ours.tokens(row) == theirs.tokens(row)
        assert ours.word_ids(row) == theirs.word_ids(row)
        assert ours.sequence_ids(row) == theirs.sequence_ids(row)


def test_one_text_at_a_time(both: Both):
    for text in TEXTS:
        same(both.ours(text, **EVERYTHING), both.theirs(text, **EVERYTHING))
        same(both.ours(text), both.theirs(text))
        assert both.ours.encode(text) == both.theirs.encode(text)
        assert both.ours.encode(text, add_special_tokens=False) == both.theirs.encode(text, add_special_tokens=False)
        assert both.ours.tokenize(text) == both.theirs.tokenize(text)


def test_batches_and_pairs(both: Both):
    same(both.ours(TEXTS, **EVERYTHING), both.theirs(TEXTS, **EVERYTHING))
    second = TEXTS[::-1]
    same(both.ours(TEXTS, second, **EVERYTHING), both.theirs(TEXTS, second, **EVERYTHING))
    pairs = list(zip(TEXTS, second, strict=True))
    same(both.ours(pairs, **EVERYTHING), both.theirs(pairs, **EVERYTHING))
    for one, other in pairs:
        if other:  # the reference drops an empty second text that is passed alone, and keeps it in a list
            same(both.ours(one, other, **EVERYTHING), both.theirs(one, other, **EVERYTHING))


def test_an_empty_second_text_is_a_text_alone_as_in_a_list(both: Both):
    assert both.ours("hello", "").input_ids == both.ours(["hello"], [""]).input_ids[0]
    assert both.ours(["hello"], [""]).input_ids == both.theirs(["hello"], [""]).input_ids


def test_words(both: Both):
    for words in WORDS:
        if words:
            options = EVERYTHING | dict(is_split_into_words=True)
            same(both.ours(words, **options), both.theirs(words, **options))
            same(both.ours(words, words[::-1], **options), both.theirs(words, words[::-1], **options))
            encoding = both.ours.encoding_of_words(words)
            assert encoding.words == both.theirs(words, is_split_into_words=True).word_ids()
    batch = [words for words in WORDS if words]
    same(both.ours(batch, is_split_into_words=True), both.theirs(batch, is_split_into_words=True))
    same(both.ours(batch, batch, is_split_into_words=True), both.theirs(batch, batch, is_split_into_words=True))


@pytest.mark.parametrize("strategy", [True, "longest_first", "only_first", "only_second"])
@pytest.mark.parametrize("stride", [0, 1, 3])
def test_truncation_and_windows(both: Both, strategy, stride):
    sample = [text for text in TEXTS if 4 < len(text) < 120]
    compared = 0
    for (index, one), limit in product(enumerate(sample), (5, 8, 13, 64)):
        other = None if strategy in (True, "only_first") and index % 2 else sample[-index]
        options = EVERYTHING | dict(
            truncation=strategy, max_length=limit, stride=stride, return_overflowing_tokens=index % 3 != 0
        )
        try:
            ours = both.ours(one, other, **options)
        except InputError:
            with pytest.raises(
                BaseException, match=r"stride|too short"
            ):  # `tokenizers` panics where a stride is too long
                both.theirs(one, other, **options)
            continue
        same(ours, both.theirs(one, other, **options))
        compared += 1
    assert compared > 20


def test_truncation_on_the_left(tmp_path: Path, cased: Both):
    folder = write_vocabulary(
        tmp_path, cased.folder.joinpath("vocab.txt").read_text("utf-8").split("\n"), truncation_side="left"
    )
    ours, theirs = Tokenizer.from_folder(folder), BertTokenizer.from_pretrained(folder)
    options = EVERYTHING | dict(truncation=True, max_length=9, stride=2, return_overflowing_tokens=True)
    assert ours.truncation_side == "left"
    same(ours(TEXTS, TEXTS[::-1], **options), theirs(TEXTS, TEXTS[::-1], **options))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    "options",
    [
        dict(padding=True),
        dict(padding="longest", pad_to_multiple_of=8),
        dict(padding="max_length", max_length=20),
        dict(padding="max_length", max_length=24, truncation=True, pad_to_multiple_of=8),
        dict(padding=True, max_length=12, truncation=True, stride=2, return_overflowing_tokens=True),
    ],
)
def test_padding(both: Both, side, options):
    options = EVERYTHING | options | dict(padding_side=side)
    same(both.ours(TEXTS, **options), both.theirs(TEXTS, **options))
    same(both.ours(TEXTS[4], **options), both.theirs(TEXTS[4], **options))
    second = TEXTS[::-1]
    same(both.ours(TEXTS, second, **options), both.theirs(TEXTS, second, **options))


@pytest.mark.parametrize("kind", ["pt", "np"])
def test_tensors(both: Both, kind):
    module = torch if kind == "pt" else np
    for texts in (TEXTS[4], TEXTS, TEXTS[0], [TEXTS[2]]):
        options = EVERYTHING | dict(return_tensors=kind, padding=True)
        ours, theirs = both.ours(texts, **options), both.theirs(texts, **options)
        assert list(ours) == list(theirs)
        for name, value in theirs.items():
            assert type(ours[name]) is type(value)
            assert ours[name].dtype == value.dtype == module.int64
            assert ours[name].shape == value.shape
            assert (ours[name] == value).all()
    assert (
        both.ours(TEXTS, return_tensors=kind).input_ids.shape
        == both.theirs(TEXTS, return_tensors=kind, padding=True).input_ids.shape
    )


def test_places(both: Both):
    for text in TEXTS:
        ours, theirs = both.ours(text, "hello 我"), both.theirs(text, "hello 我")
        for token in range(len(ours.input_ids)):
            assert ours.token_to_chars(token) == theirs.token_to_chars(token)
        for place, sequence in product(range(len(text)), (0, 1)):
            assert ours.char_to_token(place, None, sequence) == theirs.char_to_token(place, None, sequence)


def test_decoding(both: Both):
    for text, skip, clean in product(TEXTS, (False, True), (None, False, True)):
        ids = both.theirs.encode(text, "hello 我!")
        options = dict(skip_special_tokens=skip, clean_up_tokenization_spaces=clean)
        assert both.ours.decode(ids, **options) == both.theirs.decode(ids, **options)
    rows = both.theirs(TEXTS, padding=True, return_tensors="pt").input_ids
    assert both.ours.batch_decode(rows, True) == both.theirs.batch_decode(rows, skip_special_tokens=True)
    assert both.ours.convert_tokens_to_string(["un", "##believ"]) == both.theirs.convert_tokens_to_string(
        ["un", "##believ"]
    )


def test_vocabulary(both: Both):
    assert both.ours.get_vocab() == both.theirs.get_vocab() == both.ours.vocab
    assert len(both.ours) == len(both.theirs)
    assert both.ours.vocab_size == both.theirs.vocab_size
    assert both.ours.largest_id == max(both.theirs.get_vocab().values())
    assert both.ours.all_special_tokens == both.theirs.all_special_tokens
    assert both.ours.all_special_ids == both.theirs.all_special_ids
    assert both.ours.special_tokens_map == both.theirs.special_tokens_map
    for name in ("cls", "sep", "pad", "unk", "mask", "bos", "eos"):
        assert getattr(both.ours, f"{name}_token") == getattr(both.theirs, f"{name}_token")
        assert getattr(both.ours, f"{name}_token_id") == getattr(both.theirs, f"{name}_token_id")
    ids = list(range(0, len(both.theirs), 7))
    tokens = both.theirs.convert_ids_to_tokens(ids)
    assert both.ours.convert_ids_to_tokens(ids) == tokens
    assert both.ours.convert_tokens_to_ids(tokens) == ids
    assert both.ours.convert_tokens_to_ids("no such token") == both.theirs.unk_token_id
    assert [both.ours.num_special_tokens_to_add(pair) for pair in (False, True)] == [2, 3]


def test_padding_later(both: Both):
    for options in (dict(), dict(padding="max_length", max_length=40, padding_side="left"), dict(pad_to_multiple_of=8)):
        ours = both.ours.pad([both.ours(text) for text in TEXTS], **options)
        theirs = both.theirs.pad([both.theirs(text) for text in TEXTS], **options)
        assert dict(ours) == dict(theirs)
    ours = both.ours.pad(both.ours(TEXTS, return_special_tokens_mask=True), return_tensors="pt")
    theirs = both.theirs.pad(both.theirs(TEXTS, return_special_tokens_mask=True), return_tensors="pt")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert dict(both.ours.pad(both.ours("hello"), padding="max_length", max_length=9)) == dict(
        both.theirs.pad(both.theirs("hello"), padding="max_length", max_length=9)
    )


@settings(deadline=None, max_examples=150)
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=60), other=st.text(st.characters(codec="utf-8"), max_size=30)
)
def test_any_text(uncased: Both, text: str, other: str):
    same(uncased.ours([text], [other], **EVERYTHING), uncased.theirs([text], [other], **EVERYTHING))
    encoding = uncased.ours.encoding(text)
    assert encoding.ids == uncased.theirs.encode(text)
    last: dict[int, int] = {}
    for (start, end), word, special in zip(encoding.spans, encoding.words, encoding.special, strict=True):
        assert 0 <= start <= end <= len(text)
        assert special == (word is None)
        if word is not None:
            assert start >= last.get(word, 0), "spans of a word go forward"
            last[word] = start


def test_random_parameters(minilm: Both):
    random.seed(7)
    for _ in range(60):
        texts = random.sample(TEXTS, 4)
        pairs = random.choice([None, random.sample(TEXTS, 4)])
        options = dict(
            truncation=True,
            max_length=random.randint(12, 40),
            padding=random.choice([False, True, "max_length"]),
            stride=random.randint(0, 3),
            return_overflowing_tokens=random.choice([False, True]),
            padding_side=random.choice(["left", "right"]),
            add_special_tokens=random.choice([False, True]),
        )
        same(minilm.ours(texts, pairs, **options), minilm.theirs(texts, pairs, **options))


def test_spans_are_characters_of_the_original_text(cased: Both):
    text = "我😀x 𠮷野 é 龘[MASK]。"
    encoding = cased.ours.encoding(text)
    pieces = [text[start:end] for start, end in encoding.spans]
    assert pieces == ["", "我", "😀x", "𠮷", "野", "é", "龘", "[MASK]", "。", ""]
    assert encoding.tokens[2] == "[UNK]"


def test_the_course_text_with_the_shared_vocabulary(tmp_path: Path):
    if not SHARED.is_file():
        pytest.skip("the vocabulary of bert-base-chinese is not beside this checkout")
    lines = SHARED.read_text("utf-8").removesuffix("\n").split("\n")
    for name, lowercase in (("uncased", True), ("cased", False)):
        folder = write_vocabulary(tmp_path / name, lines, do_lower_case=lowercase)
        ours, theirs = Tokenizer.from_folder(folder), BertTokenizer.from_pretrained(folder)
        assert ours.encode("弱小的我也有大梦想！") == COURSE_IDS
        same(ours(TEXTS, **EVERYTHING), theirs(TEXTS, **EVERYTHING))
        same(ours(TEXTS, TEXTS[::-1], **EVERYTHING), theirs(TEXTS, TEXTS[::-1], **EVERYTHING))
        assert [ours.decode(ids) for ids in ours(TEXTS).input_ids] == theirs.batch_decode(theirs(TEXTS).input_ids)
    expected = (
        "{'input_ids': tensor([[ 101, 2483, 2207, 4638, 2769,  738, 3300, 1920, 3457, 2682, 8013,  102]]), "
        "'token_type_ids': tensor([[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), "
        "'attention_mask': tensor([[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]])}"
    )
    assert repr(ours("弱小的我也有大梦想！", return_tensors="pt")) == expected
