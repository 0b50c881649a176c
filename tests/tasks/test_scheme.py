from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.tasks.tag_scheme import Scheme, Unit, decode, units

CASES = [
    # joint labels with ends: places decide, the first label's kind counts
    ("我在北京大学", ["S-r", "S-p", "B-n", "I-v", "I-n", "E-n"], ["我/r", "在/p", "北京大学/n"]),
    ("北京大学", ["B-n", "E-n", "I-n", "E-n"], ["北京/n", "大学/n"]),
    ("北京大", ["B-n", "B-n", "S-n"], ["北/n", "京/n", "大/n"]),
    # entities: B, I and O alone; another kind is another entity
    ("北京王明好", ["B-LOC", "I-LOC", "I-PER", "I-PER", "O"], ["北京/LOC", "王明/PER"]),
    ("北京王明好", ["I-LOC", "O", "B-PER", "B-PER", "I-PER"], ["北/LOC", "王/PER", "明好/PER"]),
    # other names of the same places
    ("北京大学好", ["B_LOC", "M_LOC", "M_LOC", "L_LOC", "U_LOC"], ["北京大学/LOC", "好/LOC"]),
    # bare places: division alone
    ("北京大学好", ["B", "E", "B", "E", "S"], ["北京/", "大学/", "好/"]),
    # plain labels with an outside: equal neighbours are one
    ("北京王明好", ["LOC", "LOC", "PER", "PER", "O"], ["北京/LOC", "王明/PER"]),
    # marks at the end, as Korean taggers have them
    ("北京王明好", ["LOC-B", "LOC-I", "PER-B", "PER-I", "O"], ["北京/LOC", "王明/PER"]),
    ("北京大学好", ["LOC_B", "LOC_M", "LOC_M", "LOC_E", "LOC_S"], ["北京大学/LOC", "好/LOC"]),
    # in lower case, with an outside to match
    ("北京王明好", ["b-loc", "i-loc", "b-per", "i-per", "o"], ["北京/loc", "王明/per"]),
    ("北京大学好", ["b", "e", "b", "e", "s"], ["北京/", "大学/", "好/"]),
    # letters that are no marks: no B or I of their kind
    ("北京王明好", ["F_NAME", "L_NAME", "U_ID", "U_ID", "O"], ["北/F_NAME", "京/L_NAME", "王明/U_ID"]),
    ("北京王明好", ["B-PER", "I-PER", "E-MAIL", "E-MAIL", "O"], ["北京/PER", "王明/E-MAIL"]),
    ("北京王明好", ["Type_A", "Type_B", "Type_B", "Type_I", "O"], ["北/Type_A", "京王/Type_B", "明/Type_I"]),
    ("北京王", ["W-9", "S-Bahn", "O"], ["北/W-9", "京/S-Bahn"]),
    ("北京王", ["o", "a", "o"], ["北/o", "京/a", "王/o"]),
    # plain labels without one: each word by itself
    ("好好学", ["a", "a", "v"], ["好/a", "好/a", "学/v"]),
]


@pytest.mark.parametrize(("text", "labels", "wanted"), CASES)
def test_labels_become_spans(text: str, labels: list[str], wanted: list[str]) -> None:
    names = sorted(set(labels))
    pieces = [Unit(at, at + 1, names.index(label), 0.5) for at, label in enumerate(labels)]
    spans = decode(text, pieces, Scheme.of(names))
    assert [f"{span.text}/{span.label}" for span in spans] == wanted


def test_no_span_ends_inside_a_word() -> None:
    text = "Washington 我在"
    spans = [(0, 4), (4, 10), (11, 12), (12, 13), (0, 0)]
    found = units(text, spans, [0, 1, 2, 2, 3], [0.9, 0.1, 0.8, 0.7, 0.6])
    assert found == [Unit(0, 10, 0, 0.9), Unit(11, 12, 2, 0.8), Unit(12, 13, 2, 0.7)]


def test_the_space_before_a_word_is_not_in_it() -> None:
    assert units("a bc", [(0, 1), (1, 4)], [0, 0], [1.0, 1.0]) == [Unit(0, 1, 0, 1.0), Unit(2, 4, 0, 1.0)]


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        # scripts without spaces: each token by itself, however the tokenizer marks it
        (["ผม", "ไป", "กรุงเทพ"], ["ผม", "ไป", "กรุงเทพ"]),
        (["ຂ້ອຍ", "ໄປ", "ວຽງຈັນ"], ["ຂ້ອຍ", "ໄປ", "ວຽງຈັນ"]),
        (["ខ្ញុំ", "ទៅ", "ភ្នំពេញ"], ["ខ្ញុំ", "ទៅ", "ភ្នំពេញ"]),
        (["ကျွန်တော်", "ရန်ကုန်"], ["ကျွန်တော်", "ရန်ကုန်"]),
        (["ﾄｳｷｮｳ", "ｴｷ"], ["ﾄｳｷｮｳ", "ｴｷ"]),
        (["とう", "きょう"], ["とう", "きょう"]),
        (["ﾊ", "ﾞ"], ["ﾊﾞ"]),
        (["ที", "่"], ["ที่"]),
        # combining marks belong to the letter before them, and do not end a word
        (["श्", "याम", " ", "दिल्ली"], ["श्याम", "दिल्ली"]),
        (["Jose", "\u0301", " ", "in"], ["Jose\u0301", "in"]),
        (["שָׁ", "לוֹם"], ["שָׁלוֹם"]),
        (["محم", "ّد"], ["محمّد"]),
        (["தமி", "ழ்"], ["தமிழ்"]),
        (["می", "\u200c", "خواهم"], ["می\u200cخواهم"]),
        (["Wash", "ing", "ton", ",", "x"], ["Washington", ",", "x"]),
        (["ไทย", "abc", "12"], ["ไทย", "abc12"]),
    ],
)
def test_words_of_many_scripts(pieces: list[str], wanted: list[str]) -> None:
    text = "".join(pieces)
    ends = list(itertools.accumulate(map(len, pieces)))
    spans = [(end - len(piece), end) for piece, end in zip(pieces, ends, strict=True) if piece != " "]
    found = units(text, spans, list(range(len(spans))), [1.0] * len(spans))
    assert [text[each.start : each.end] for each in found] == wanted


@pytest.mark.parametrize(
    ("text", "kept", "wanted"),
    [
        ("Jose\u0301 in", [(0, 4), (6, 8)], ["Jose\u0301", "in"]),
        ("दिल्ली में", [(0, 1), (2, 3), (4, 5), (7, 8)], ["दिल्ली", "में"]),
        ("שָׁלוֹם", [(0, 1), (3, 5), (6, 7)], ["שָׁלוֹם"]),
        ("می\u200cخواهم", [(0, 2), (3, 8)], ["می\u200cخواهم"]),
        ("a\u200d b", [(0, 1), (3, 4)], ["a", "b"]),
    ],
)
def test_marks_that_the_tokenizer_drops(text: str, kept: list[tuple[int, int]], wanted: list[str]) -> None:
    found = units(text, kept, [0] * len(kept), [1.0] * len(kept))
    assert [text[each.start : each.end] for each in found] == wanted


@settings(deadline=None, max_examples=80)
@given(st.text(max_size=30), st.data())
def test_spans_are_parts_of_the_text_in_order(text: str, data: st.DataObject) -> None:
    names = ["O", "B-x", "I-x", "E-y", "S-y"]
    labels = data.draw(st.lists(st.integers(0, 4), min_size=len(text), max_size=len(text)))
    pieces = units(text, [(at, at + 1) for at in range(len(text))], labels, [0.5] * len(text))
    spans = decode(text, pieces, Scheme.of(names))
    assert all(text[span.start : span.end] == span.text != "" for span in spans)
    assert all(one.end <= two.start for one, two in itertools.pairwise(spans))
