"""Calls at the border: what they give, and what they say where the ecosystem keeps silent."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from torso.errors import InputError, InputTypeError, LimitError, NotAvailableError, TorsoError, UnsupportedError
from torso.text import BatchEncoding, Encoding

from .conftest import Both


def fails(kind: type[TorsoError], code: str, words: str, call, *args, **options) -> None:
    with pytest.raises(kind) as caught:
        call(*args, **options)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_one_text_with_tensors_is_a_batch_of_one(cased: Both):
    batch = cased.ours("hello world", return_tensors="pt")
    assert batch.input_ids.shape == (1, len(cased.ours.encode("hello world")))
    assert torch.equal(cased.ours.encode("hello world", return_tensors="pt"), batch.input_ids)


def test_tensors_of_several_texts_are_padded_unasked(cased: Both):
    texts = ["hello", "hello world again", ""]
    unasked, asked = cased.ours(texts, return_tensors="pt"), cased.ours(texts, padding=True, return_tensors="pt")
    assert all(torch.equal(unasked[name], asked[name]) for name in asked)
    fails(InputError, "E_RAGGED", "row 0", cased.ours, texts, return_tensors="pt", padding="do_not_pad")


def test_nothing_gives_nothing(cased: Both):
    assert dict(cased.ours([])) == {"input_ids": [], "token_type_ids": [], "attention_mask": []}
    assert cased.ours([], return_tensors="pt").input_ids.shape == (0, 0)
    assert cased.ours.encodings([]) == []
    assert cased.ours([], padding="max_length", truncation=True).input_ids == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: t(["a"] * 17 + [None]), "Text 17 is None"),
        (lambda t: t(["a", math.nan]), "Text 1 is None"),
        (lambda t: t([1, 2]), "Text 0 is int"),
        (lambda t: t(["a", b"b"]), "Text 1 is bytes"),
        (lambda t: t(None), "None"),
        (lambda t: t(7), "int"),
        (lambda t: t("a", 3), "int"),
        (lambda t: t([("a", "b"), "c"]), "Text 1"),
        (lambda t: t([["a", "b", "c"]]), "Text 0"),
        (lambda t: t("a", ["b"]), "list"),
        (lambda t: t(["a", "b"], ["c"]), "2 first texts and 1 second"),
        (lambda t: t("abc", is_split_into_words=True), "Text 0"),
        (lambda t: t([["a"], "bc"], is_split_into_words=True), "Text 1"),
        (lambda t: t([["a", None]], is_split_into_words=True), "Text 1 is None"),
        (lambda t: t(["a", "b\ud800c"]), "Text 1 holds half of a surrogate pair at character 1"),
        (lambda t: t.encoding(None), "None"),
        (lambda t: t.encodings("abc"), "str"),
        (lambda t: t.encodings(["a", None]), "Text 1"),
        (lambda t: t.encodings(["a", ("b", "c"), 5]), "Text 2"),
        (lambda t: t.encoding_of_words("abc"), "list of words"),
        (lambda t: t.encoding("\udfff"), "surrogate"),
        (lambda t: t.pad([{"labels": [1]}]), "input_ids"),
    ],
)
def test_wrong_texts_are_named_by_their_place(cased: Both, call, words):
    with pytest.raises((InputTypeError, InputError)) as caught:
        call(cased.ours)
    assert caught.value.code == "E_TEXT"
    assert words in str(caught.value)


def test_arrays_and_columns_of_text_are_taken(cased: Both):
    assert cased.ours(np.array(["hello", "world"])).input_ids == cased.ours(["hello", "world"]).input_ids
    assert cased.ours(("hello", "world")).input_ids == cased.ours(["hello", "world"]).input_ids


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (dict(truncation=True), "E_NO_LIMIT", "max_length=512"),
        (dict(padding="max_length"), "E_NO_LIMIT", "max_length=512"),
        (dict(padding=True, max_length=9), "E_ARGUMENT", "max_length"),
        (dict(truncation=False, max_length=9), "E_ARGUMENT", "max_length"),
        (dict(stride=3), "E_ARGUMENT", "stride"),
        (dict(pad_to_multiple_of=8), "E_ARGUMENT", "pad_to_multiple_of"),
        (dict(pad_to_multiple_of=8, return_tensors="pt"), "E_ARGUMENT", "padding=True"),
        (dict(pad_to_multiple_of=4, return_tensors="np", padding=False), "E_ARGUMENT", "padding=True"),
        (dict(pad_to_multiple_of=8, truncation=True, max_length=8, return_tensors="pt"), "E_ARGUMENT", "pad_to"),
        (dict(pad_to_multiple_of=0, padding=True), "E_ARGUMENT", "pad_to_multiple_of"),
        (dict(padding=True, truncation=True, max_length=9, pad_to_multiple_of=8), "E_ARGUMENT", "multiple"),
        (dict(truncation="shortest"), "E_ARGUMENT", "only_second"),
        (dict(padding="longst"), "E_ARGUMENT", "longest"),
        (dict(padding_side="up"), "E_ARGUMENT", "left, right"),
        (dict(max_length=-1), "E_ARGUMENT", "-1"),
        (dict(max_length=1.5), "E_ARGUMENT", "1.5"),
        (dict(max_length=1), "E_ARGUMENT", "2 special tokens"),
        (dict(truncation="only_second", max_length=3), "E_ARGUMENT", "only_second"),
        (dict(truncation=True, max_length=4, stride=2), "E_ARGUMENT", "stride"),
    ],
)
def test_parameters_that_cannot_be_or_do_nothing(uncased: Both, options, code, words):
    fails(InputError, code, words, uncased.ours, "hello world hello world", **options)


def test_another_kind_of_tensor(cased: Both):
    fails(UnsupportedError, "E_UNSUPPORTED", "PyTorch", cased.ours, "a", return_tensors="tf")


def test_no_special_tokens_leave_the_whole_limit(uncased: Both):
    assert len(uncased.ours("hello world hello", max_length=2, add_special_tokens=False).input_ids) == 2
    assert uncased.ours("hello", max_length=2).input_ids == uncased.ours("").input_ids


def test_a_text_of_more_than_ten_million_characters(cased: Both):
    fails(LimitError, "E_LIMIT", "10000001", cased.ours, ["a", "b" * 10_000_001])
    fails(LimitError, "E_LIMIT", "10000000", cased.ours.encoding_of_words, ["b" * 5_000_001] * 2)


def test_fields_not_asked_for_say_how_to_ask(cased: Both):
    batch = cased.ours("hello")
    with pytest.raises(NotAvailableError, match="return_offsets_mapping=True"):
        _ = batch.offset_mapping
    with pytest.raises(KeyError):
        _ = batch["offset_mapping"]
    with pytest.raises(AttributeError):
        _ = batch.no_such_field
    assert not hasattr(batch, "offset_mapping")
    assert batch.get("offset_mapping") is None
    assert "offset_mapping" not in batch


def test_a_batch_is_a_mapping_that_notebooks_change(cased: Both):
    batch = cased.ours(["hello", "world"], return_tensors="pt", return_overflowing_tokens=True)
    taken = batch.pop("overflow_to_sample_mapping")
    assert taken.tolist() == [0, 1]
    batch["labels"] = torch.tensor([0, 1])

    def model(input_ids, token_type_ids, attention_mask, labels):
        return input_ids.shape

    assert model(**batch) == (2, 3)
    assert batch.to("meta") is batch
    assert batch.input_ids.device.type == "meta"
    assert batch.encodings[0] == cased.ours.encoding("hello")
    assert isinstance(copy.deepcopy(batch), BatchEncoding)
    with pytest.raises(NotAvailableError):
        batch.tokens(5)


def test_padding_is_in_rows_and_not_in_encodings(cased: Both):
    batch = cased.ours(["hello world", "a"], padding=True, padding_side="left")
    assert batch.tokens(1)[:1] == ["[PAD]"]
    assert len(batch.encodings[1]) == 3
    assert batch.char_to_token(1, 0) == len(batch.input_ids[1]) - 2
    assert batch.token_to_chars(1, 0) is None


def test_padding_later_names_a_ragged_field(cased: Both):
    rows = [{"input_ids": [1, 2, 3], "labels": [1, 2]}, {"input_ids": [1], "labels": [1]}]
    fails(
        InputError, "E_RAGGED", "labels are ragged: row 0 has 2, row 1 has 1", cased.ours.pad, rows, return_tensors="pt"
    )
    floats = cased.ours.pad(
        [{"input_ids": [1, 2], "score": 0.5}, {"input_ids": [1], "score": 1.0}], return_tensors="pt"
    )
    assert floats["score"].dtype == torch.float32
    assert floats.attention_mask.tolist() == [[1, 1], [1, 0]]


def test_without_a_padding_token(tmp_path):
    from torso.text import Tokenizer

    from .corpus import write_vocabulary

    tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path, ["[UNK]", "[CLS]", "[SEP]", "a"]))
    assert tokenizer(["a", "a"], return_tensors="np").input_ids.shape == (2, 3)
    fails(InputError, "E_NO_PADDING_TOKEN", "pad_token", tokenizer, ["a", "a a"], return_tensors="np")
    fails(InputError, "E_NO_PADDING_TOKEN", "pad_token", tokenizer.pad, [tokenizer("a"), tokenizer("a a")])


@pytest.mark.parametrize("ids", [[10**6], [-1], [-100], [1.5], ["a"], [[[1]]], [True]])
def test_wrong_ids(cased: Both, ids):
    fails(InputError, "E_ID", "Id" if not isinstance(ids[0], int) or ids[0] is True else "id", cased.ours.decode, ids)
    fails(InputError, "E_ID", "", cased.ours.convert_ids_to_tokens, ids)


def test_ids_in_every_form(cased: Both):
    ids = cased.ours.encode("hello 我")
    text = cased.ours.decode(ids)
    assert (
        cased.ours.decode(torch.tensor(ids))
        == cased.ours.decode(np.array(ids))
        == cased.ours.decode(tuple(ids))
        == text
    )
    assert cased.ours.decode(ids[1]) == cased.ours.decode(ids[1:2]) == "hello"
    assert cased.ours.convert_ids_to_tokens(ids[1]) == "hello"
    assert cased.ours.convert_ids_to_tokens(ids, skip_special_tokens=True) == cased.ours.tokenize("hello 我")


def test_native_encodings(cased: Both):
    texts = ["hello", ("我", "world"), "a b"]
    many = cased.ours.encodings(texts)
    assert many == [cased.ours.encoding("hello"), cased.ours.encoding("我", "world"), cased.ours.encoding("a b")]
    assert all(isinstance(encoding, Encoding) for encoding in many)
    assert many[1].segments == [0, 0, 0, 1, 1]
    assert many[1].sequence == [None, 0, None, 1, None]
    assert cased.ours.encoding("hello", special=False).tokens == ["hello"]
    assert cased.ours.encoding_of_words([]).tokens == ["[CLS]", "[SEP]"]
    assert len(many[0]) == 3
