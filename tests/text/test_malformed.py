"""Malformed tokenizer files, rows 57 to 62 of the catalogue: a typed error with a stable code, in time and memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from malformed import Case, check, run
from torso.text import Tokenizer

from .documents import (
    CLS,
    TEXT_A,
    TEXT_B,
    Document,
    added,
    bpe,
    charsmap,
    model,
    regex,
    template,
    unigram,
    wordpiece,
)


def row(number: int, name: str, document: Document, code: str = "E_TOKENIZER") -> Case:
    def build(folder: Path) -> None:
        (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")

    return Case(number, name, build, code, "torso.text.load_tokenizer:load", 3.0)


def built(number: int, name: str, build: Callable[[Path], None], code: str) -> Case:
    return Case(number, name, build, code, "torso.text.load_tokenizer:load", 3.0)


def huge(folder: Path) -> None:
    with (folder / "tokenizer.json").open("wb") as file:
        file.truncate(1 << 30)


def many_added(folder: Path) -> None:
    document = wordpiece() | dict(added_tokens=[dict(id=i, content=f"x{i}") for i in range(100_001)])
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")


def words(data: bytes) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / "vocab.txt").write_bytes(data)

    return build


def nested(depth: int) -> Document:
    component: Document = dict(type="Lowercase")
    for _ in range(depth):
        component = dict(type="Sequence", normalizers=[component])
    return wordpiece() | dict(normalizer=component)


BOMB = dict(
    type="Sequence",
    normalizers=[dict(type="Replace", pattern=dict(String="a"), content="aa") for _ in range(40)],
)

CASES = [
    row(57, "merge longer than its token", bpe(continuing_subword_prefix="####")),
    row(57, "merge of a token that is not there", bpe(merges=["a c"])),
    row(57, "merge into a token that is not there", bpe(merges=["b a"])),
    row(57, "merge of three", bpe(merges=["a b ab"])),
    row(57, "merge that is a number", bpe(merges=[7])),
    row(57, "no merges", bpe(merges=None)),
    row(57, "unknown token that is not there", bpe(unk_token="x")),
    row(57, "fixed length 0", wordpiece() | dict(pre_tokenizer=dict(type="FixedLength", length=0))),
    row(
        57,
        "template without its special token",
        wordpiece() | dict(post_processor=template([CLS, TEXT_A], [TEXT_A, TEXT_B], {})),
    ),
    row(
        57,
        "template with the second text alone",
        wordpiece() | dict(post_processor=template([TEXT_B], [TEXT_A, TEXT_B], {})),
    ),
    row(57, "template without text", wordpiece() | dict(post_processor=template([], [], {}))),
    row(
        57,
        "template token without ids",
        wordpiece()
        | dict(post_processor=template([TEXT_A], [TEXT_A, TEXT_B], {"x": {"id": "x", "ids": [], "tokens": []}})),
    ),
    row(
        57,
        "stride not less than the limit",
        wordpiece() | dict(truncation=dict(max_length=2, strategy="LongestFirst", stride=5, direction="Right")),
        "",
    ),
    row(
        57,
        "character map that is not base64",
        wordpiece() | dict(normalizer=dict(type="Precompiled", precompiled_charsmap="?")),
    ),
    row(57, "character map cut short", wordpiece() | charsmap(struct.pack("<I", 4096) + b"\0" * 8)),
    row(57, "character map of no UTF-8", wordpiece() | charsmap(struct.pack("<I", 1024) + b"\0" * 1024 + b"\xff")),
    row(57, "character map empty", wordpiece() | charsmap(b"")),
    row(57, "unknown component", wordpiece() | dict(decoder=dict(type="Python"))),
    row(57, "unknown model", model(type="Magic")),
    row(57, "component that is a list", wordpiece() | dict(normalizer=[])),
    row(57, "no model", {"version": "1.0"}),
    row(57, "unknown key", wordpiece() | dict(surprise=1)),
    row(57, "another version", wordpiece() | dict(version="9.0")),
    row(57, "no unknown token", model(unk_token="[GONE]")),
    row(57, "empty vocabulary", model(vocab={})),
    row(57, "unigram unknown outside", unigram(unk_id=9)),
    row(57, "unigram entry without score", unigram(vocab=[["<unk>"]])),
    row(57, "unigram empty", unigram(vocab=[])),
    row(57, "nested components", nested(40)),
    row(57, "nested far too deep", nested(400)),
    row(58, "catastrophic", regex("(a+)+$")),
    row(58, "catastrophic alternatives", regex("(a|aa)*$")),
    row(58, "catastrophic counted", regex("(a?){64}a{64}")),
    row(58, "back reference", regex(r"(a*)\1*b")),
    row(58, "recursion", regex(r"(?<x>a\g<x>?)*")),
    row(58, "broken", regex("(a")),
    row(
        58,
        "in a replacement",
        wordpiece() | dict(normalizer=dict(type="Replace", pattern=dict(Regex="(a+)+$"), content="")),
    ),
    row(58, "a very long one", regex("a" * 20_001), "E_LIMIT"),
    row(
        59,
        "padding of a billion",
        wordpiece()
        | dict(
            padding=dict(
                strategy=dict(Fixed=10**9),
                direction="Right",
                pad_to_multiple_of=None,
                pad_id=0,
                pad_type_id=0,
                pad_token="[UNK]",
            )
        ),
        "",
    ),
    row(
        59,
        "truncation to nothing",
        wordpiece() | dict(truncation=dict(max_length=0, strategy="LongestFirst", stride=0, direction="Right")),
        "",
    ),
    row(59, "dropout", bpe(dropout=0.5), ""),
    row(59, "characters that multiply", wordpiece() | dict(normalizer=BOMB), "E_LIMIT"),
    row(60, "id past 32 bits", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": 2**40})),
    row(60, "id of four billion", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": 4294967295})),
    row(60, "negative id", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": -2})),
    row(60, "id that is a fraction", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": 1.5})),
    row(60, "id that is true", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": True})),
    row(60, "two tokens of one id", model(vocab={"[UNK]": 0, "[CLS]": 1, "a": 1})),
    row(60, "added token far away", wordpiece() | dict(added_tokens=[added(1, "[CLS]"), added(4294967295, "[FAR]")])),
    row(60, "added token with another's id", wordpiece() | dict(added_tokens=[added(1, "[CLS]"), added(2, "[X]")])),
    row(60, "added token with another id than its own", wordpiece() | dict(added_tokens=[added(3, "[CLS]")])),
    row(60, "added token without content", wordpiece() | dict(added_tokens=[added(4, "")])),
    row(60, "added tokens that are no list", wordpiece() | dict(added_tokens={})),
    built(61, "nothing", lambda folder: None, "E_TOKENIZER_MISSING"),
    built(
        61,
        "sentencepiece of one byte",
        lambda folder: (folder / "spiece.model").write_bytes(b"x") and None,
        "E_TOKENIZER",
    ),
    built(
        61,
        "vocabulary with CR LF, mark, duplicates, blanks",
        words(b"\xef\xbb\xbf[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\na\r\n\r\n"),
        "",
    ),
    built(61, "vocabulary that is not UTF-8", words(b"[PAD]\n\xff\xfe\n"), "E_TOKENIZER"),
    built(61, "vocabulary that is binary", words(bytes(range(256)) * 9), "E_TOKENIZER"),
    built(61, "vocabulary of something else", words(b"<s>\n</s>\nhello\n"), "E_TOKENIZER"),
    built(61, "a folder for a file", lambda folder: (folder / "tokenizer.json").mkdir(), "E_UNSAFE_PATH"),
    built(61, "a link that leaves", lambda folder: (folder / "vocab.txt").symlink_to("/etc/passwd"), "E_UNSAFE_PATH"),
    built(62, "a gigabyte", huge, "E_LIMIT"),
    built(62, "too many added tokens", many_added, "E_LIMIT"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory):
    return run(CASES, tmp_path_factory.mktemp("malformed"), memory=1 << 30)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_malformed(case: Case, outcomes):
    check(case, outcomes)
    assert not outcomes[case].torch


def test_what_is_fixed_in_the_file_is_not_obeyed(tmp_path: Path):
    for name in ("padding of a billion", "truncation to nothing", "dropout", "stride not less than the limit"):
        folder = tmp_path / name
        folder.mkdir()
        next(case for case in CASES if case.name == name).build(folder)
        tokenizer = Tokenizer.from_folder(folder)
        assert 4 < len(tokenizer.encoding("ab ab ab ab ab")) < 20
        assert len(tokenizer.notes) == 1
        assert len({tuple(tokenizer.encode("abab")) for _ in range(20)}) == 1
