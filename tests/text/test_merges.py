"""vocab.json and merges.txt: read as they are written, and refused where they are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torso.errors import TokenizerError, TorsoError
from torso.text import Tokenizer
from torso.text.convert_byte_level import read_merges
from torso.text.faults import Fault

from .test_families import HARD
from .vocabularies import KINDS


def test_ends_of_lines_and_marks(tmp_path: Path):
    folder = KINDS["roberta"].write(tmp_path)
    expected = Tokenizer.from_folder(folder)(HARD).input_ids
    merges = (folder / "merges.txt").read_text("utf-8")
    for text in (merges.replace("\n", "\r\n"), "\ufeff" + merges, merges.partition("\n")[2], merges + "\n\n"):
        (folder / "merges.txt").write_text(text, encoding="utf-8", newline="")
        assert Tokenizer.from_folder(folder)(HARD).input_ids == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("merges.txt", "a b c\n", "line 1"),
        ("merges.txt", "a\n", "line 1"),
        ("merges.txt", "a \n", "line 1"),
        ("merges.txt", "#version: 0.2\na b\nnot-there x\n", "merge"),
        ("vocab.json", "[]", "vocabulary"),
        ("vocab.json", "{}", "vocabulary"),
        ("vocab.json", '{"a": "b"}', "vocabulary"),
        ("vocab.json", '{"a": true}', "vocabulary"),
        ("vocab.json", '{"a": 1, "b": 1}', "share"),
        ("vocab.json", '{"a": -1}', "ids from"),
        ("vocab.json", '{"a": 99999999999}', "ids from"),
    ],
)
def test_damaged(tmp_path: Path, name: str, text: str, said: str):
    folder = KINDS["gpt2"].write(tmp_path)
    if name == "vocab.json":
        (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(TokenizerError, match=said) as caught:
        Tokenizer.from_folder(folder)
    assert caught.value.code == "E_TOKENIZER"
    assert name in str(caught.value) or said == "merge"


def test_not_text_and_not_json(tmp_path: Path):
    folder = KINDS["gpt2"].write(tmp_path)
    (folder / "merges.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(TokenizerError, match="UTF-8"):
        Tokenizer.from_folder(folder)
    for text in ("{", '{"a": 0, "a": 1}', '{"a": NaN}'):
        (folder / "vocab.json").write_text(text)
        with pytest.raises(TorsoError) as caught:
            Tokenizer.from_folder(folder)
        assert caught.value.code == "E_TOKENIZER"


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=80))
def test_any_merges(text: str):
    try:
        merges = read_merges(text)
    except Fault:
        return
    assert all(len(pair) == 2 and all(pair) for pair in merges)
    assert read_merges("".join(" ".join(pair) + "\n" for pair in merges if "#version" not in pair[0])) == [
        pair for pair in merges if "#version" not in pair[0]
    ]


def test_one_of_the_two_is_missing(tmp_path: Path):
    folder = KINDS["gpt2"].write(tmp_path)
    (folder / "merges.txt").unlink()
    with pytest.raises(TokenizerError, match=r"vocab\.json, which alone.*merges\.txt") as caught:
        Tokenizer.from_folder(folder)
    assert caught.value.code == "E_TOKENIZER_MISSING"
