"""Fuzzes the reader of config.json, for every family."""

from __future__ import annotations

import random
from pathlib import Path

from children import Target, main
from mutations import json_bytes

from torso.architecture import architectures
from torso.config.fields import field_info
from torso.loading.load import read_config

CONFIGS = [
    {
        "model_type": each.model_types[0],
        "id2label": {"0": "a", "1": "b"},
        "label2id": {"a": 0, "b": 1},
        "rope_scaling": {"rope_type": "linear", "factor": 2.0},
        **{
            field.name: field.default
            for field in each.config.declared()
            if field_info(field).fixed is None and isinstance(field.default, (str, int, float, list, dict))
        },
    }
    for each in architectures()
]


def build(some: random.Random, folder: Path) -> Path:
    """Writes a mutated file."""
    (folder / "config.json").write_bytes(json_bytes(some, some.choice(CONFIGS)))
    return folder


def call(folder: Path) -> None:
    """Reads it."""
    config = read_config(folder)[1]
    repr(config.describe())
    config.text()


if __name__ == "__main__":
    main(Target("config_files", build, call))
