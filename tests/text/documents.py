"""Small tokenizer.json files, whole and damaged."""

from __future__ import annotations

import base64
from typing import Any

Document = dict[str, Any]


def added(number: int, content: str) -> Document:
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False)
    return dict(id=number, content=content, special=True, **flags)


def template(single: list[Document], pair: list[Document], special: Document) -> Document:
    return dict(type="TemplateProcessing", single=single, pair=pair, special_tokens=special)


TEXT_A = {"Sequence": {"id": "A", "type_id": 0}}
TEXT_B = {"Sequence": {"id": "B", "type_id": 1}}
CLS = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
CLS_ENTRY = {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}
SPLIT = dict(type="Split", behavior="Isolated", invert=False)


def wordpiece() -> Document:
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=[added(1, "[CLS]")],
        normalizer=dict(type="Lowercase"),
        pre_tokenizer=dict(type="Whitespace"),
        post_processor=template([CLS, TEXT_A], [CLS, TEXT_A, TEXT_B], CLS_ENTRY),
        decoder=dict(type="WordPiece", prefix="##", cleanup=True),
        model=dict(
            type="WordPiece",
            unk_token="[UNK]",
            continuing_subword_prefix="##",
            max_input_chars_per_word=100,
            vocab={"[UNK]": 0, "[CLS]": 1, "a": 2, "##b": 3},
        ),
    )


def bpe(**changes: Any) -> Document:
    model = dict(type="BPE", vocab={"a": 0, "b": 1, "ab": 2, "[CLS]": 3}, merges=["a b"], unk_token=None)
    return wordpiece() | dict(model=model | changes, added_tokens=[added(3, "[CLS]")], post_processor=None)


def unigram(**changes: Any) -> Document:
    model = dict(type="Unigram", unk_id=0, vocab=[["<unk>", 0.0], ["a", -1.0]])
    return wordpiece() | dict(model=model | changes, added_tokens=[], post_processor=None)


def charsmap(data: bytes) -> Document:
    return dict(normalizer=dict(type="Precompiled", precompiled_charsmap=base64.b64encode(data).decode()))


def model(**changes: Any) -> Document:
    return wordpiece() | dict(model=wordpiece()["model"] | changes)


def regex(pattern: str) -> Document:
    return wordpiece() | dict(pre_tokenizer=SPLIT | dict(pattern=dict(Regex=pattern)))
