"""Fuzzes the reader of tokenizer.json and of what stands beside it."""

from __future__ import annotations

import json
import random
from pathlib import Path

from children import Target, main
from mutations import json_bytes

from text.documents import bpe, unigram, wordpiece
from torso.loading.load import load_tokenizer

DOCUMENTS = [wordpiece(), bpe(), unigram()]
CONFIG = {
    "tokenizer_class": "BertTokenizer",
    "do_lower_case": True,
    "model_max_length": 512,
    "pad_token": "[PAD]",
    "mask_token": {"content": "[MASK]", "lstrip": True},
    "added_tokens_decoder": {"0": {"content": "[PAD]", "special": True}},
    "padding_side": "right",
}


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    document = some.choice(DOCUMENTS)
    beside = some.random() < 0.4
    data = json.dumps(document).encode() if beside else json_bytes(some, document)
    (folder / "tokenizer.json").write_bytes(data)
    if beside:
        (folder / "tokenizer_config.json").write_bytes(json_bytes(some, CONFIG))
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    tokenizer = load_tokenizer(folder)
    ids = tokenizer("hello 你好 [MASK]")["input_ids"]
    tokenizer.decode(ids)


if __name__ == "__main__":
    main(Target("tokenizer_files", build, call))
