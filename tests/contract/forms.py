"""The forms in which one and the same checkpoint lies on the Hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

Tensors = Mapping[str, Tensor]


def weights(folder: Path) -> dict[str, Tensor]:
    """The tensors of a folder that transformers wrote."""
    return load_file(folder / "model.safetensors")


def rewritten(folder: Path, target: Path, tensors: Tensors, form: str = "safetensors", **changes: object) -> Path:
    """A copy of a folder with other weights, in one of `FORMS`, and with some keys of its config changed."""
    target.mkdir(parents=True)
    config = {**json.loads((folder / "config.json").read_text()), **changes}
    (target / "config.json").write_text(json.dumps(config, indent=2))
    FORMS[form](target, {name: value.contiguous() for name, value in tensors.items()})
    return target


def _safetensors(folder: Path, tensors: Tensors) -> None:
    save_file(dict(tensors), folder / "model.safetensors", {"format": "pt"})


def _zip(folder: Path, tensors: Tensors) -> None:
    torch.save(dict(tensors), folder / "pytorch_model.bin")


def _legacy(folder: Path, tensors: Tensors) -> None:
    torch.save(dict(tensors), folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)


def _sharded(name: str, write: Callable[[Path, Tensors], None], written: str) -> Callable[[Path, Tensors], None]:
    def shards(folder: Path, tensors: Tensors) -> None:
        stem, _, ending = name.partition(".")
        keys = sorted(tensors)
        weight_map: dict[str, str] = {}
        for number, part in enumerate((keys[0::3], keys[1::3], keys[2::3]), 1):
            write(folder, {key: tensors[key] for key in part})
            shard = f"{stem}-{number:05}-of-00003.{ending}"
            shutil.move(folder / written, folder / shard)
            weight_map.update(dict.fromkeys(part, shard))
        size = sum(each.numel() * each.element_size() for each in tensors.values())
        index = {"metadata": {"total_size": size}, "weight_map": weight_map}
        (folder / f"{name}.index.json").write_text(json.dumps(index))

    return shards


FORMS: Mapping[str, Callable[[Path, Tensors], None]] = {
    "safetensors": _safetensors,
    "zip": _zip,
    "legacy": _legacy,
    "sharded-safetensors": _sharded("model.safetensors", _safetensors, "model.safetensors"),
    "sharded-zip": _sharded("pytorch_model.bin", _zip, "pytorch_model.bin"),
    "sharded-legacy": _sharded("pytorch_model.bin", _legacy, "pytorch_model.bin"),
}


def with_prefix(tensors: Tensors, prefix: str, heads: tuple[str, ...]) -> dict[str, Tensor]:
    """The trunk's tensors under another prefix; those of heads keep their names."""
    return {
        name if name.startswith(heads) else prefix + name.removeprefix("bert."): value
        for name, value in tensors.items()
    }


def old_norms(tensors: Tensors) -> dict[str, Tensor]:
    """LayerNorms with gamma and beta, as Google's code and the first ports of it wrote them."""
    return {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in tensors.items()
    }
