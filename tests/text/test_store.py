"""The cache of tokenizers made ready: the same tokenizer, and never an error."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    load_tokenizer._backends.clear()
    yield tmp_path / "cache" / "text"
    load_tokenizer._backends.clear()


def forbid_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_tokenizer, "make", lambda *_: pytest.fail("it was made anew"))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_kept_is_the_same(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    folder = KINDS[name].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)
    load_tokenizer._backends.clear()
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
    load_tokenizer._backends.clear()
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
    load_tokenizer._backends.clear()
    assert Tokenizer.from_folder(folder)(HARD).input_ids == made
    assert entry_of(cache).read_bytes() == whole


def forged(head: object, columns: bytes) -> bytes:
    """An entry under a hash that fits it, which anybody can compute."""
    body = (head if isinstance(head, bytes) else json.dumps(head).encode()) + b"\n" + columns
    return tokenizer_cache._MARK + hashlib.sha256(body).digest() + body


def head_with(**changes: object) -> Callable[[dict[str, Any], bytes], bytes]:
    return lambda head, columns: forged(head | changes, columns)


def without(name: str) -> Callable[[dict[str, Any], bytes], bytes]:
    return lambda head, columns: forged({key: head[key] for key in head if key != name}, columns)


FORGED: dict[str, Callable[[dict[str, Any], bytes], bytes]] = {
    "no head": lambda head, columns: tokenizer_cache._MARK + hashlib.sha256(b"").digest(),
    "no JSON": lambda head, columns: forged(b"{{{", columns),
    "no UTF-8": lambda head, columns: forged(b"\xff\xfe", columns),
    "no table": lambda head, columns: forged([], columns),
    "a key twice": lambda head, columns: forged(b'{"sizes": [], "sizes": []}', columns),
    "too deep": lambda head, columns: forged(b"[" * 100_000, columns),
    **{f"without {name}": without(name) for name in ("outline", "removed", "named", "extra", "largest", "sizes")},
    "no model": head_with(outline={}),
    "a model that is none": head_with(outline={"model": 5}),
    "sizes that are none": head_with(sizes="abc"),
    "sizes below 0": lambda head, columns: forged(head | {"sizes": [len(columns) + 1, -1]}, columns),
    "sizes too large": head_with(sizes=[2**70]),
    "sizes of another column": lambda head, columns: forged(head | {"sizes": [len(columns)]}, columns),
    "a largest id that is none": head_with(largest=True),
    "names that are none": head_with(named={"bos_token": 5}),
    "extra tokens that are none": head_with(extra=[None]),
    "a column too short": lambda head, columns: forged(head, columns[:-4]),
    "a column that is no whole number of ids": lambda head, columns: forged(
        head | {"sizes": [head["sizes"][0], head["sizes"][1] - 1, head["sizes"][2] + 1, head["sizes"][3]]}, columns
    ),
    "tokens that are no UTF-8": lambda head, columns: forged(
        head, b"\xff" * head["sizes"][0] + columns[head["sizes"][0] :]
    ),
    "merges of tokens that are not there": lambda head, columns: forged(
        head, columns[: -head["sizes"][3]] + b"\xff" * head["sizes"][3]
    ),
    "a model of another kind": lambda head, columns: forged(
        head | {"outline": head["outline"] | {"model": {"type": "Unigram"}}}, columns
    ),
    "an outline that `tokenizers` refuses": lambda head, columns: forged(
        head | {"outline": head["outline"] | {"normalizer": {"type": "Unheard"}}}, columns
    ),
    "added tokens that are none": lambda head, columns: forged(
        head | {"outline": head["outline"] | {"added_tokens": [5]}}, columns
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_an_entry_of_another_form_is_written_again(tmp_path: Path, cache: Path, forge):
    folder = KINDS["gpt2"].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)(HARD).input_ids
    entry = entry_of(cache)
    whole = entry.read_bytes()
    head, _, columns = whole[len(tokenizer_cache._MARK) + 32 :].partition(b"\n")
    entry.write_bytes(forge(json.loads(head), columns))
    load_tokenizer._backends.clear()
    assert Tokenizer.from_folder(folder)(HARD).input_ids == made
    assert entry.read_bytes() == whole


@pytest.mark.skipif(sys.platform == "win32", reason="modes and owners are those of POSIX")
@pytest.mark.parametrize(
    ("on_folder", "mode"),
    [(True, 0o777), (True, 0o1777), (True, 0o770), (False, 0o666), (False, 0o660), (False, 0o602)],
)
def test_what_others_may_write_is_not_read(tmp_path: Path, cache: Path, on_folder: bool, mode: int):
    folder = KINDS["gpt2"].write(tmp_path / "in")
    Tokenizer.from_folder(folder)
    entry = entry_of(cache)
    assert entry.stat().st_mode & 0o777 == 0o600
    assert cache.stat().st_mode & 0o777 == 0o700
    assert tokenizer_cache.recall(entry.name) is not None
    (cache if on_folder else entry).chmod(mode)
    assert tokenizer_cache.recall(entry.name) is None
    before = entry.stat().st_mtime_ns
    load_tokenizer._backends.clear()
    assert Tokenizer.from_folder(folder)("a").input_ids
    assert (entry.stat().st_mtime_ns == before) is on_folder, "nothing is written where others may write"


@pytest.mark.skipif(sys.platform == "win32", reason="modes and owners are those of POSIX")
@pytest.mark.parametrize("on_folder", [True, False])
def test_what_another_user_owns_is_not_read(tmp_path: Path, cache: Path, monkeypatch, on_folder: bool):
    Tokenizer.from_folder(KINDS["gpt2"].write(tmp_path / "in"))
    entry = entry_of(cache)
    assert tokenizer_cache.recall(entry.name) is not None
    if os.geteuid() == 0:
        os.chown(cache if on_folder else entry, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert tokenizer_cache.recall(entry.name) is None


def test_an_entry_that_the_wheel_refuses(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """It is whole, but was written by another version of `tokenizers`."""
    folder = KINDS["gpt2"].write(tmp_path / "in")
    made = Tokenizer.from_folder(folder)(HARD).input_ids
    load_tokenizer._backends.clear()
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
    load_tokenizer._backends.clear()
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
