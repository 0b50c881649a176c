"""Saved files: transformers and torso read equal ids from them."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest

from lazy import LazyName
from torso.text import Tokenizer

from .conftest import MINILM, Both
from .corpus import TEXTS, small_vocabulary, write_vocabulary

AutoTokenizer = LazyName("transformers", "AutoTokenizer")


def same_everywhere(tokenizer: Tokenizer, folder: Path) -> None:
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    again, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    for text in TEXTS:
        assert again.encoding(text, "hello 我") == tokenizer.encoding(text, "hello 我")
        assert dict(theirs(text, "hello 我")) == dict(tokenizer(text, "hello 我"))
    assert again.max_tokens == tokenizer.max_tokens
    assert again.special_tokens_map == tokenizer.special_tokens_map
    assert again.padding_side == theirs.padding_side == tokenizer.padding_side
    document = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    assert document["padding"] is None
    assert document["truncation"] is None


def test_from_either_kind_of_file(both: Both, tmp_path: Path):
    same_everywhere(both.ours, tmp_path)
    assert (tmp_path / "vocab.txt").exists() == (both.folder != MINILM)


def test_vocab_txt_alone_is_enough(uncased: Both, tmp_path: Path):
    uncased.ours.save(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    assert Tokenizer.from_folder(tmp_path).get_vocab() == uncased.ours.get_vocab()


def test_gaps_in_a_vocabulary_survive(tmp_path: Path):
    lines = ["[PAD]", "", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "a", "", "c", ""]
    tokenizer = Tokenizer.from_folder(write_vocabulary(tmp_path / "in", lines))
    same_everywhere(tokenizer, tmp_path / "out")
    (tmp_path / "out" / "tokenizer.json").unlink()
    again = Tokenizer.from_folder(tmp_path / "out").get_vocab()
    assert again == tokenizer.get_vocab()
    assert (len(again), again["b"], again["a"], again["c"]) == (9, 7, 8, 10)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["normalizer"].update(lowercase=False),
        lambda d: d["normalizer"].update(clean_text=False),
        lambda d: d.update(normalizer={"type": "Sequence", "normalizers": [{"type": "NFKC"}, d["normalizer"]]}),
        lambda d: d["model"].update(max_input_chars_per_word=4),
        lambda d: d.update(pre_tokenizer={"type": "Whitespace"}),
        lambda d: d.update(post_processor={"type": "BertProcessing", "cls": ["[CLS]", 101], "sep": ["[SEP]", 102]}),
    ],
)
def test_pipelines_that_the_reference_would_rebuild_differently(tmp_path: Path, change):
    document = json.loads((MINILM / "tokenizer.json").read_text("utf-8"))
    change(document)
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    shutil.copy(MINILM / "tokenizer_config.json", tmp_path)
    same_everywhere(Tokenizer.from_folder(tmp_path), tmp_path / "out")


def test_what_the_file_said_is_kept_and_machine_paths_are_not(tmp_path: Path):
    folder = write_vocabulary(
        tmp_path / "in",
        small_vocabulary(lowercase=True),
        model_max_length=10**30,
        chat_template="x",
        custom={"a": [1]},
        name_or_path="/home/me",
        auto_map={"AutoTokenizer": ["x", None]},
        padding_side="left",
    )
    tokenizer = Tokenizer.from_folder(folder)
    same_everywhere(tokenizer, tmp_path / "out")
    config = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert (config["model_max_length"], config["custom"], config["chat_template"]) == (10**30, {"a": [1]}, "x")
    assert not {"name_or_path", "auto_map"} & set(config)
    same_everywhere(tokenizer.limited(77), tmp_path / "limited")
    assert json.loads((tmp_path / "limited" / "tokenizer_config.json").read_text())["model_max_length"] == 77


def test_pickled(both: Both, tmp_path: Path):
    again = pickle.loads(pickle.dumps(both.ours))
    assert again.encodings(TEXTS) == both.ours.encodings(TEXTS)
    split = Tokenizer.from_folder(
        write_vocabulary(tmp_path, small_vocabulary(lowercase=True), split_special_tokens=True)
    )
    assert pickle.loads(pickle.dumps(split)).encode("[MASK]") == split.encode("[MASK]")
    assert len(split.encode("[MASK]")) > 3
