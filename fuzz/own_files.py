"""Fuzzes what torso wrote itself and reads again: indexes, packed weights, caches, locks, settings."""

from __future__ import annotations

import hashlib
import json
import os
import random
import struct
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from children import Target, main

# isort: split
from mutations import changed_value, json_bytes, mangled, safetensors_bytes

import torso
from tasks import small
from text.vocabularies import folder_of
from torso.architecture import Task
from torso.errors import TorsoError
from torso.hub.local.lockfile import NAME, read_lock
from torso.hub.local.manifest import evidence_of
from torso.hub.settings import read_saved, saved_path
from torso.loading.load import load_tokenizer
from torso.tasks import vectors_file
from torso.text import tokenizer_cache
from torso.text.load_tokenizer import _backends as backends  # what was loaded is shared: here each is loaded anew
from torso.weights.safetensors import SafetensorsFile

WANTED = {hashlib.sha256(bytes([number])).hexdigest(): (number + 1, 4) for number in range(3)}
COMMIT = "0123456789" * 4
LOCK = {
    "format": 1, "source": "a/b", "origin": "https://example.org", "revision": "main", "commit": COMMIT,
    "files": {"config.json": {"size": 2, "sha256": "0" * 64, "etag": "0" * 40}},
}  # fmt: skip
SAVED = {"endpoints": ["https://example.org"], "sources": {"a/b": "https://example.org"}}


def parted(path: Path) -> tuple[dict[str, object], bytes]:
    """Header and body of a safetensors file."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


@cache
def index() -> tuple[dict[str, object], bytes]:
    """The vectors of three texts."""
    path = Path(tempfile.mkdtemp()) / vectors_file.INDEX
    vectors = {digest: np.ones(shape, np.float32) for digest, shape in WANTED.items()}
    vectors_file.write(path, "key", vectors)
    return parted(path)


def build_index(some: random.Random, folder: Path) -> Path:
    """Writes a mutated index."""
    (folder / vectors_file.INDEX).write_bytes(safetensors_bytes(some, *index()))
    return folder


def call_index(folder: Path) -> None:
    """Reads it: what is believed is what was written."""
    known, _ = vectors_file.read(folder / vectors_file.INDEX, "key", WANTED)
    assert all((rows == 1).all() and rows.shape == WANTED[digest] for digest, rows in known.items())


@cache
def packed() -> tuple[Path, dict[str, object], bytes]:
    """A model, and the file of its packed weights."""
    home = Path(tempfile.mkdtemp())
    folder = small.save(home / "model", Task.FEATURES)
    torso.optimise(torso.load(folder), "exact", file=home / "packed")
    return folder, *parted(home / "packed")


def build_packed(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file of packed weights, its hash right or not."""
    _, header, body = packed()
    (folder / "packed").write_bytes(safetensors_bytes(some, header, body))
    if some.random() < 0.5:  # whoever forges one forges the hash, too
        with suppress(ValueError, TorsoError):  # nothing is left to be forged
            _forge(some, folder / "packed")
    return folder / "packed"


def _forge(some: random.Random, path: Path) -> None:
    from torso.weights import verified_safetensors

    opened = SafetensorsFile(path)
    metadata = {name: text for name, text in opened.metadata.items() if name != "sha256"}
    if "facts" in metadata:
        metadata["facts"] = json_bytes(some, json.loads(metadata["facts"])).decode("utf-8", "replace")
    verified_safetensors.write(path, verified_safetensors.read(opened), metadata)


def call_packed(path: Path) -> None:
    """Optimises the model with it."""
    torso.optimise(torso.load(packed()[0]), "exact", file=path)


def build_tokenizer_cache(some: random.Random, folder: Path) -> Path:
    """Writes a folder with a vocabulary, and a mutated entry of the cache of it."""
    kind = some.choice(("gpt2", "t5", "albert", "llama"))
    (folder / "model").mkdir()
    model = folder_of(kind, folder / "model")
    os.environ["TORSO_CACHE"] = str(folder / "cache")
    tokenizer_cache.WORTHWHILE = 0
    load_tokenizer(model)
    backends.clear()
    for path in (folder / "cache" / "text").iterdir():
        data = path.read_bytes()
        mark = data.index(b"\n") + 1
        body = mangled(some, data[mark + 32 :])
        if some.random() < 0.5:
            head, _, columns = data[mark + 32 :].partition(b"\n")
            body = json.dumps(changed_value(some, json.loads(head))).encode() + b"\n" + columns
        path.write_bytes(data[:mark] + hashlib.sha256(body).digest() + body)
    return model


def call_tokenizer_cache(model: Path) -> None:
    """Loads the tokenizer, and cuts a text."""
    load_tokenizer(model)("hello 你好")


def build_lock(some: random.Random, folder: Path) -> Path:
    """Writes a folder with a mutated lock, or a snapshot with a mutated listing."""
    if some.random() < 0.5:
        (folder / NAME).write_bytes(json_bytes(some, LOCK))
        return folder
    home = folder / "models--a--b"
    snapshot = home / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    listed = [{"type": "file", "oid": "0" * 40, "size": 2, "path": "config.json", "lfs": {"oid": "0" * 64, "size": 2}}]
    for name in ("trees", "listings"):
        (home / name).mkdir()
        (home / name / f"{COMMIT}.json").write_bytes(json_bytes(some, {"files": listed, "format": 1}))
    return snapshot


def call_lock(folder: Path) -> None:
    """Reads what a folder must hold."""
    read_lock(folder)
    evidence_of(folder)


def build_settings(some: random.Random, folder: Path) -> Path:
    """Writes mutated settings."""
    os.environ["HF_HOME"] = os.environ["XDG_CONFIG_HOME"] = os.environ["TORSO_HOME"] = str(folder)
    saved_path().parent.mkdir(parents=True, exist_ok=True)
    saved_path().write_bytes(json_bytes(some, SAVED))
    return folder


if __name__ == "__main__":
    packed()
    main(
        Target("vector_index", build_index, call_index),
        Target("packed_weights", build_packed, call_packed),
        Target("tokenizer_cache", build_tokenizer_cache, call_tokenizer_cache),
        Target("locks", build_lock, call_lock),
        Target("saved_settings", build_settings, lambda _: read_saved()),
    )
