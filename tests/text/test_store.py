"""The cache of tokenizers made ready: the same tokenizer, and never an error."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from torso.text import Tokenizer, load_tokenizer, tokenizer_cache

from .conftest import MINILM
from .test_families import HARD
from .vocabularies import KINDS

NAMES = ["gpt2", "roberta", "qwen2", "gpt", "t5", "mbart", "albert", "deberta-v2", "llama", "pegasus"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache that takes vocabularies of any size, and nothing shared with other tests."""
    monkeypatch.setenv("TORSO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tokenizer_cache, "WORTHWHILE", 0)
    load_tokenizer._wheels.clear()
    yield tmp_path / "cache" / "text"
    load_tokenizer._wheels.clear()


def forbid_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_tokenizer, "make", lambda *_: pytest.fail("it was made anew"))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_kept_is_the_same(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    folder = KINDS[name].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)
    load_tokenizer._wheels.clear()
    forbid_making(monkeypatch)
    kept = Tokenizer.from_folder(folder)
    assert kept._loaded.backend.document() == made._loaded.backend.document()
    assert kept._loaded.ready == made._loaded.ready
    assert dict(kept(HARD, HARD[::-1])) == dict(made(HARD, HARD[::-1]))
    assert kept.encodings(HARD) == made.encodings(HARD)
    assert (kept.notes, kept.padding_side) == (made.notes, made.padding_side)


@pytest.mark.parametrize("name", NAMES)
def test_a_tokenizer_json_too(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    Tokenizer.from_folder(KINDS[name].write(tmp_path / "in")).save(tmp_path / "out")
    made = Tokenizer.from_folder(tmp_path / "out")
    load_tokenizer._wheels.clear()
    forbid_making(monkeypatch)
    kept = Tokenizer.from_folder(tmp_path / "out")
    assert kept._loaded.backend.document() == made._loaded.backend.document()
    assert kept.encodings(HARD) == made.encodings(HARD)


def test_loaded_twice_at_once_it_is_shared(tmp_path: Path):
    folder = KINDS["t5"].write(tmp_path / "in")
    one, other = Tokenizer.from_folder(folder), Tokenizer.from_folder(folder)
    assert one._loaded.backend is other._loaded.backend
    assert one(HARD).input_ids == other(HARD).input_ids


def entry_of(cache: Path) -> Path:
    (entry,) = cache.iterdir()
    return entry


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"x",
    "a byte changed": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "another version": lambda data: data.replace(b"torso text", b"torso next", 1),
    "something else": lambda data: b"<html></html>",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_entry_is_written_anew(tmp_path: Path, cache: Path, damage):
    folder = KINDS["gpt2"].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)(HARD).input_ids
    whole = entry_of(cache).read_bytes()
    entry_of(cache).write_bytes(damage(whole))
    load_tokenizer._wheels.clear()
    assert Tokenizer.from_folder(folder)(HARD).input_ids == made
    assert entry_of(cache).read_bytes() == whole


def test_an_entry_that_the_wheel_refuses(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """It is whole, but was written by another version of `tokenizers`."""
    folder = KINDS["gpt2"].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)(HARD).input_ids
    load_tokenizer._wheels.clear()
    kept = tokenizer_cache.recall(entry_of(cache).name)
    assert kept is not None
    kept.ready.outline["pre_tokenizer"] = {"type": "Unheard"}
    monkeypatch.setattr(tokenizer_cache, "recall", lambda key: kept)
    assert Tokenizer.from_folder(folder)(HARD).input_ids == made


def test_every_change_of_the_files_makes_another_entry(tmp_path: Path, cache: Path):
    folder = KINDS["gpt2"].write(tmp_path / "in")
    Tokenizer.from_folder(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    for change in ({"add_prefix_space": True}, {"tokenizer_class": "GPTNeoXTokenizer"}, {"bos_token": "<b>"}):
        (folder / "tokenizer_config.json").write_text(json.dumps(settings | change))
        Tokenizer.from_folder(folder)
    merges = (folder / "merges.txt").read_text("utf-8").split("\n")
    (folder / "merges.txt").write_text("\n".join(merges[:-2]), encoding="utf-8")
    Tokenizer.from_folder(folder)
    assert len(list(cache.iterdir())) == 5


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TORSO_CACHE", str(tmp_path / "file"))
    assert Tokenizer.from_folder(KINDS["t5"].write(tmp_path / "in"))("a").input_ids
    monkeypatch.setenv("TORSO_CACHE", "~nobody-at-all/x")
    load_tokenizer._wheels.clear()
    assert Tokenizer.from_folder(tmp_path / "in")("a").input_ids


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("TORSO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tokenizer_cache.place() == tmp_path / "torso" / "text"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert tokenizer_cache.place().name == "text"


def test_the_oldest_entries_go(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokenizer_cache, "_MOST_ENTRIES", 2)
    for number, name in enumerate(("gpt2", "t5", "llama")):
        Tokenizer.from_folder(KINDS[name].write(tmp_path / name))
        for entry in cache.iterdir():
            if entry.stat().st_mtime > 10_000:
                os.utime(entry, (number, number))
    assert sorted(entry.stat().st_mtime for entry in cache.iterdir()) == [1, 2]


def test_kinds_that_gain_nothing_are_not_kept(tmp_path: Path, cache: Path):
    shutil.copytree(MINILM, tmp_path / "in", ignore=shutil.ignore_patterns("*.safetensors", "*.bin"))
    Tokenizer.from_folder(tmp_path / "in")
    assert not cache.exists()
