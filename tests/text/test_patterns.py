"""Which regular expressions are taken from a tokenizer's file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from torso.text import Tokenizer
from torso.text.faults import Fault
from torso.text.patterns import check_pattern

from .corpus import TEXTS
from .documents import regex

KNOWN_PATTERNS = [
    r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\p{Han}&&[^a-z]]+|\d{1,3}(?=(?:\d{3})*\b)",
    r"(?=(\d{3})+(?!\d))",
    r" {2,}",
    r"\s+",
    r"[0-9][0-9][0-9]",
    r"(?<=\d)(?:[.,])(?>\d)",
    r"(?i)a(?#comment)b",
]


@pytest.mark.parametrize("pattern", KNOWN_PATTERNS)
def test_patterns_of_real_tokenizers_are_taken(tmp_path: Path, pattern: str):
    check_pattern(pattern)
    (tmp_path / "tokenizer.json").write_text(json.dumps(regex(pattern)), encoding="utf-8")
    tokenizer = Tokenizer.from_folder(tmp_path)
    for text in TEXTS:
        assert len(tokenizer.encoding(text)) >= 1


@pytest.mark.parametrize(
    "pattern",
    [
        "(a*)*",
        "((a|b)c)+",
        "(?:a{2,}){3}",
        "(?>a+)+b",
        "(a+)?+x(b|c){2}",
        "[a",
        "a)",
        "(?(1)a)",
        "(*FAIL)",
        "\\",
        "((a?)){,9}",
    ],
)
def test_patterns_that_are_refused(pattern: str):
    with pytest.raises(Fault):
        check_pattern(pattern)
