"""Fuzzes the readers of vocabularies: vocab.txt, vocab.json with merges.txt, and SentencePiece's protocol buffers."""

from __future__ import annotations

import json
import random
from pathlib import Path

from children import Target, main
from mutations import json_bytes, lines_bytes, mangled

from text.vocabularies import byte_level, pieces
from torso.loading.load import load_tokenizer

WORDS = "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "##lo", "你", "好", "a"]).encode()
NUMBERS, MERGES = byte_level(("<|endoftext|>",))
PIECES = [pieces("unigram"), pieces("bpe")]


def build_words(some: random.Random, folder: Path) -> Path:
    """Writes a mutated vocab.txt."""
    (folder / "vocab.txt").write_bytes(lines_bytes(some, WORDS))
    return folder


def build_merges(some: random.Random, folder: Path) -> Path:
    """Writes a vocab.json and a merges.txt, one of them mutated."""
    numbers = some.random() < 0.5
    vocabulary = json_bytes(some, json.loads(NUMBERS)) if numbers else NUMBERS.encode()
    (folder / "vocab.json").write_bytes(vocabulary)
    (folder / "merges.txt").write_bytes(MERGES.encode() if numbers else lines_bytes(some, MERGES.encode()))
    return folder


def build_pieces(some: random.Random, folder: Path) -> Path:
    """Writes a mutated SentencePiece file."""
    (folder / some.choice(("spiece.model", "tokenizer.model"))).write_bytes(mangled(some, some.choice(PIECES)))
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    tokenizer = load_tokenizer(folder)
    tokenizer.decode(tokenizer("hello 你好 a")["input_ids"])


if __name__ == "__main__":
    main(
        Target("vocab_txt", build_words, call),
        Target("merges", build_merges, call),
        Target("sentencepiece", build_pieces, call),
    )
