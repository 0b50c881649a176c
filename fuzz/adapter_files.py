"""Fuzzes adapter folders: adapter_config.json and the weights beside it, read onto a small model."""

from __future__ import annotations

import json
import random
import shutil
import struct
import tempfile
from functools import cache
from pathlib import Path

from children import Target, main

# isort: split
from mutations import changed_value, json_bytes, safetensors_bytes

import torso
from tasks import small
from torso.adapters.adapter_config import read_adapter
from torso.architecture import Task
from torso.weights.adapter_weights import CONFIG, FILES


@cache
def adapter() -> tuple[Path, dict[str, object], dict[str, object], bytes]:
    """A base model, and the files of an adapter of it: its settings, the header and the body of its weights."""
    home = Path(tempfile.mkdtemp())
    base = small.save(home / "base", Task.SEQUENCE_CLASSIFICATION, labels=small.SENTIMENT)
    model = torso.lora(torso.load(base, Task.SEQUENCE_CLASSIFICATION), torso.Lora(rank=2))
    model.save(home / "adapter")
    data = (home / "adapter" / FILES[0]).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    settings = json.loads((home / "adapter" / CONFIG).read_text())
    return base, settings, json.loads(data[8 : 8 + size]), data[8 + size :]


def build(some: random.Random, folder: Path) -> Path:
    """Writes an adapter, its settings or its weights mutated."""
    base, settings, header, body = adapter()
    settings = settings | {"base_model_name_or_path": str(base)}
    changed = some.random() < 0.7
    kept = json.dumps(settings).encode()
    (folder / CONFIG).write_bytes(json_bytes(some, settings) if changed else kept)
    header = changed_value(some, header) if not changed and some.random() < 0.5 else header
    text = json.dumps(header).encode()
    plain = struct.pack("<Q", len(text)) + text + body
    (folder / FILES[0]).write_bytes(plain if changed else safetensors_bytes(some, header, body))
    shutil.copy(base / "vocab.txt", folder)
    return folder


def call(folder: Path) -> None:
    """Reads its settings, and loads the base with it."""
    read_adapter(folder)
    torso.load(folder, Task.SEQUENCE_CLASSIFICATION)


if __name__ == "__main__":
    adapter()
    main(Target("adapter_files", build, call))
