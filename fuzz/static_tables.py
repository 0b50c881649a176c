"""Fuzzes tables of token embeddings, model2vec's and sentence-transformers': config, modules, folded weights."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from children import Target, main
from mutations import json_bytes, safetensors_bytes
from safetensors.numpy import save

from torso.loading.load import read_config
from torso.tasks.sentence_files import read_recipe
from torso.weights.weights import open_weights

ROWS = np.arange(24, dtype=np.float32).reshape(6, 4)
TENSORS = {
    "embeddings": (ROWS, ROWS.astype(np.float16), ROWS.astype(np.int8), ROWS.reshape(-1)),
    "mapping": (np.arange(9) % 6, np.arange(9, dtype=np.uint8) % 6, np.arange(9) - 2, np.ones((3, 3), np.int32)),
    "weights": (np.linspace(0, 1, 9), np.linspace(0, 1, 6, dtype=np.float32), np.arange(9)),
}
CONFIG = {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": 4, "normalize": True}
FIRST = {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}
SECOND = {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated folder."""
    chosen = {name: some.choice(each) for name, each in TENSORS.items() if name == "embeddings" or some.random() < 0.6}
    if some.random() < 0.2:
        chosen = {"embedding.weight": ROWS}
    data = save(chosen)
    size = int.from_bytes(data[:8], "little")
    header, numbers = json.loads(data[8 : 8 + size]), data[8 + size :]
    (folder / "model.safetensors").write_bytes(
        safetensors_bytes(some, header, numbers) if some.random() < 0.7 else data
    )
    if some.random() < 0.6:
        (folder / "config.json").write_bytes(json_bytes(some, CONFIG))
    modules = json_bytes(some, [FIRST, SECOND]) if some.random() < 0.5 else json.dumps([FIRST, SECOND]).encode()
    (folder / "modules.json").write_bytes(modules)
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    weights = open_weights(folder)
    for name in list(weights.entries)[:20]:
        weights.read(name, "F32" if weights.entries[name].is_float else None)
    read_config(folder)[1].text()
    read_recipe(folder)


if __name__ == "__main__":
    main(Target("static_tables", build, call))
