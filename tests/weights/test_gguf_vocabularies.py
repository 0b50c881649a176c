"""Tokenizers of GGUF files: the ids of the tokenizers that they were made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece

import torso
from lazy import LazyModule
from text.corpus import TEXTS
from text.vocabularies import KINDS, folder_of
from torso.errors import TorsoError
from torso.text.gguf_vocabulary import SPLITS

from .gguf_builder import gguf
from .test_gguf import llama

transformers = LazyModule("transformers")
NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4


def with_vocabulary(path: Path, said: dict[str, Any], *, architecture: str = "llama") -> Path:
    """A file of a tiny model with another vocabulary; its weights are of another size, which a tokenizer never asks."""
    metadata, tensors = llama()
    kept = {key: value for key, value in metadata.items() if not key.startswith("tokenizer.")}
    named = {key.replace("llama.", f"{architecture}."): value for key, value in kept.items()}
    named["general.architecture"] = architecture
    tables = {f"{name}.weight": ("F32", (2, 64), bytes(512)) for name in ("position_embd", "token_types")}
    path.write_bytes(gguf({**named, **said}, tensors | tables))
    return path


def of_pieces(folder: Path) -> dict[str, Any]:
    """What the converter says of a SentencePiece file."""
    model = sentencepiece.sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(next(folder.glob("*.model")).read_bytes())
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": [piece.piece for piece in model.pieces],
        "tokenizer.ggml.scores": [piece.score for piece in model.pieces],
        "tokenizer.ggml.token_type": [int(piece.type) for piece in model.pieces],
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_space_prefix": model.normalizer_spec.add_dummy_prefix,
    }


def of_bytes(folder: Path, theirs: Any, split: str) -> dict[str, Any]:
    """What the converter says of a byte-level BPE."""
    document = json.loads(theirs.backend_tokenizer.to_str())
    numbers = theirs.get_vocab()
    tokens = sorted(numbers, key=lambda token: numbers[token])
    added = {each["content"]: CONTROL if each["special"] else USER_DEFINED for each in document["added_tokens"]}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": split,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [added.get(token, NORMAL) for token in tokens],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in document["model"]["merges"]],
    }


def of_words(folder: Path) -> dict[str, Any]:
    """What the converter says of a vocab.txt."""
    words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tokens = [
        word if word.startswith("[") and word.endswith("]") else word[2:] if word.startswith("##") else f"▁{word}"
        for word in words
    ]
    marks = {"unknown": "[UNK]", "seperator": "[SEP]", "padding": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}
    said: dict[str, Any] = {
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [CONTROL if word in marks.values() else NORMAL for word in words],
    }
    return said | {f"tokenizer.ggml.{role}_token_id": words.index(mark) for role, mark in marks.items()}


def of_likelihoods(folder: Path, theirs: Any) -> dict[str, Any]:
    """What the converter says of XLM-RoBERTa's tokenizer."""
    document = json.loads(theirs.backend_tokenizer.to_str())
    entries = document["model"]["vocab"]
    added = {each["content"]: CONTROL for each in document["added_tokens"]}
    added["<unk>"] = UNKNOWN
    model = sentencepiece.sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(next(folder.glob("*.model")).read_bytes())
    return {
        "tokenizer.ggml.model": "t5",
        "tokenizer.ggml.tokens": [text for text, _ in entries],
        "tokenizer.ggml.scores": [float(score) for _, score in entries],
        "tokenizer.ggml.token_type": [added.get(text, NORMAL) for text, _ in entries],
        "tokenizer.ggml.unknown_token_id": theirs.unk_token_id,
        "tokenizer.ggml.bos_token_id": theirs.bos_token_id,
        "tokenizer.ggml.eos_token_id": theirs.eos_token_id,
        "tokenizer.ggml.precompiled_charsmap": list(model.normalizer_spec.precompiled_charsmap),
    }


CASES = {
    "gpt2": ("gpt2", lambda folder, theirs: of_bytes(folder, theirs, "gpt-2")),
    "gpt2-unsaid": ("gpt2", lambda folder, theirs: of_bytes(folder, theirs, "default")),
    "qwen2": ("qwen2", lambda folder, theirs: of_bytes(folder, theirs, "qwen2")),
    "llama-legacy": ("llama", lambda folder, theirs: of_pieces(folder)),
    "bert": ("bert", lambda folder, theirs: of_words(folder)),
    "xlm-roberta": ("bert", of_likelihoods),
}


@pytest.mark.parametrize("name", CASES)
def test_ids_of_the_tokenizer_that_a_file_was_made_of(tmp_path: Path, name: str) -> None:
    kind = name.removesuffix("-unsaid")
    folder = folder_of(kind, tmp_path / "folder")
    theirs = transformers.BertTokenizer.from_pretrained(folder) if kind == "bert" else KINDS[kind].reference(folder)
    architecture, describe = CASES[name]
    said = describe(folder, theirs)
    ours = torso.load_tokenizer(with_vocabulary(tmp_path / "m.gguf", said, architecture=architecture))
    for text in TEXTS:
        if "\0" not in text:
            assert list(ours.encoding(text).ids) == theirs(text)["input_ids"], text
    ids = theirs(TEXTS[3])["input_ids"]
    assert ours.decode(ids, skip_special_tokens=True) == theirs.decode(ids, skip_special_tokens=True)


def bytes_of(**said: Any) -> dict[str, Any]:
    metadata, _ = llama()
    return {key: value for key, value in metadata.items() if key.startswith("tokenizer.")} | {
        f"tokenizer.{key.replace('__', '.')}": value for key, value in said.items()
    }


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_makes_a_tokenizer(tmp_path: Path, split: str) -> None:
    ours = torso.load_tokenizer(with_vocabulary(tmp_path / "m.gguf", bytes_of(ggml__pre=split)))
    text = "He'll  count 1234567 – 你好\n\n\tнет <|im_end|>x"
    assert ours.decode(ours.encoding(text).ids).endswith(text)


@pytest.mark.parametrize(("split", "parts"), [("llama-bpe", ["12", "3", "4"]), ("smollm", ["1", "2", "3", "4"])])
def test_digits_stand_together_as_the_split_says(tmp_path: Path, split: str, parts: list[str]) -> None:
    said = bytes_of(ggml__pre=split, ggml__add_bos_token=False)
    said["tokenizer.ggml.tokens"] = [*said["tokenizer.ggml.tokens"], "12", "34"]
    said["tokenizer.ggml.token_type"] = [*said["tokenizer.ggml.token_type"], NORMAL, NORMAL]
    said["tokenizer.ggml.merges"] = [*said["tokenizer.ggml.merges"], "1 2", "3 4"]
    ours = torso.load_tokenizer(with_vocabulary(tmp_path / "m.gguf", said))
    assert ours.tokenize("1234") == parts


def test_chats_marks_and_ends(tmp_path: Path) -> None:
    said = bytes_of(ggml__add_bos_token=True, ggml__add_eos_token=True, ggml__eot_token_id=0)
    path = with_vocabulary(tmp_path / "m.gguf", said)
    ours = torso.load_tokenizer(path)
    ids = list(ours.encoding("hell").ids)
    assert ours.decode(ids) == "<|im_start|>hell<|im_end|>"
    assert ours.apply_chat_template([{"role": "user", "content": "hell"}], tokenize=False) == "hell"
    from torso.generation.settings_files import settings_of
    from torso.loading.load import read_config

    assert settings_of(path, read_config(path)[1]).eos_token_id == [2, 0]
    assert ours.max_tokens == 64


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("model", "rwkv", "E_UNSUPPORTED"),
        ("model", 3, "E_HEADER"),
        ("model", "bert", "E_TOKENIZER"),
        ("model", "llama", "E_HEADER"),
        ("model", "t5", "E_HEADER"),
        ("pre", "viking", "E_UNSUPPORTED"),
        ("pre", "default", "E_UNSUPPORTED"),
        ("tokens", ["a", "a"], "E_HEADER"),
        ("tokens", [1], "E_HEADER"),
        ("tokens", "abc", "E_HEADER"),
        ("token_type", [1], "E_HEADER"),
        ("token_type", [1.5], "E_HEADER"),
        ("merges", ["a"], "E_HEADER"),
        ("merges", ["qq zz"], "E_TOKENIZER"),
        ("eos_token_id", 1 << 40, "E_HEADER"),
        ("eos_token_id", -1, "E_HEADER"),
        ("bos_token_id", "x", "E_HEADER"),
        ("add_bos_token", 7, "E_HEADER"),
    ],
)
def test_vocabularies_that_make_no_tokenizer(tmp_path: Path, key: str, value: object, code: str) -> None:
    path = with_vocabulary(tmp_path / "m.gguf", {**bytes_of(), f"tokenizer.ggml.{key}": value})
    with pytest.raises(TorsoError) as caught:
        torso.load_tokenizer(path)
    assert caught.value.code == code
    assert str(path) in str(caught.value)
