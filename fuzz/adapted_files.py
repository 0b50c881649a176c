"""Fuzzes checkpoints with an adapter for each of several tasks: factors, and what config.json says of them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from children import Target, main
from mutations import json_bytes, safetensors_bytes
from safetensors.numpy import save

from torso.loading.load import read_config
from torso.weights.task_adapters import stated_adapters
from torso.weights.weights import open_weights

CONFIG = {
    "model_type": "xlm-roberta",
    "position_embedding_type": "rotary",
    "rotary_emb_base": 20000.0,
    "lora_adaptations": ["query", "passage"],
    "lora_alpha": 1,
    "lora_rank": 2,
    "task_instructions": {"query": "query: ", "passage": ""},
    "hidden_size": 4,
    "num_attention_heads": 1,
}
SHAPES = {
    "word_embeddings": {"original": (6, 4), "0.lora_A": (2, 6, 2), "0.lora_B": (2, 2, 4)},
    "dense": {"original": (3, 4), "0.lora_A": (2, 2, 4), "0.lora_B": (2, 3, 2)},
}


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated folder."""
    tensors = {
        f"{module}.parametrizations.weight.{part}": np.ones(shape, some.choice((np.float32, np.float16)))
        for module, parts in SHAPES.items()
        for part, shape in parts.items()
        if some.random() < 0.95
    }
    data = save({"emb_ln.weight": np.ones(4, np.float32), **tensors})
    size = int.from_bytes(data[:8], "little")
    header, numbers = json.loads(data[8 : 8 + size]), data[8 + size :]
    mutated = some.random() < 0.5
    (folder / "model.safetensors").write_bytes(safetensors_bytes(some, header, numbers) if mutated else data)
    whole = mutated and some.random() < 0.5
    (folder / "config.json").write_bytes(json.dumps(CONFIG).encode() if whole else json_bytes(some, CONFIG))
    return folder


def call(folder: Path) -> None:
    """Reads it, with an adapter whose name is there where any is."""
    stated = stated_adapters(folder)
    weights = open_weights(folder, next(iter(stated.instructions), None) if stated is not None else None)
    for name in list(weights.entries)[:20]:
        weights.read(name, "F32" if weights.entries[name].is_float else None)
    read_config(folder)[1].text()


if __name__ == "__main__":
    main(Target("adapted_files", build, call))
