"""Adapter folders as models: what makes one, its base, and writing one. Loads no torch on top."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import NotFoundError
from torso.hub.existing_folder import is_folder
from torso.io.files import make_folder, write_atomically
from torso.io.paths import shown
from torso.weights.adapter_weights import CONFIG
from torso.weights.folder import CANDIDATES

if TYPE_CHECKING:
    from torso.model import Model
    from torso.text import Tokenizer


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds an adapter and no model of its own."""
    return (folder / CONFIG).is_file() and not any((folder / name).exists() for name in CANDIDATES)


def base_folder(folder: Path, *, config_only: bool = False) -> Path:
    """Return the folder of an adapter's base model, got where it is not on this machine.

    Raises:
        NotFoundError: ``E_BASE``, for a base that is not named, or a path where nothing is.
        OfflineError, NetworkError: the base cannot be had.
    """
    from torso.adapters.adapter_config import read_adapter
    from torso.hub import resolve

    adapter = read_adapter(folder)
    if adapter.base is None:
        raise NotFoundError(
            "E_BASE",
            "{path} names no base model.",
            cure="Merge it with the model that it was trained on: torso merge {adapter} --base BASE --out FOLDER",
            values=dict(path=shown(folder / CONFIG), adapter=shown(folder)),
        )
    for place in (Path(adapter.base), folder / adapter.base):
        if is_folder(place) and place.resolve() != folder.resolve():
            return place
    if adapter.base.startswith((".", "/", "~")) or Path(adapter.base).is_absolute():
        raise NotFoundError(
            "E_BASE",
            "The base model of {adapter} is not there: {base}.",
            cure="Merge it with a copy of the base that is elsewhere: torso merge {adapter} --base BASE --out FOLDER",
            values=dict(base=shown(adapter.base), adapter=shown(folder)),
        )
    return resolve(adapter.base, revision=adapter.revision, config_only=config_only).folder


def own_or_base(folder: Path, *names: str) -> Path:
    """Return a model's folder, or of an adapter that holds no file of these names its base's.

    Raises:
        TorsoError: as `base_folder`.
    """
    if not is_adapter(folder) or any((folder / name).exists() for name in names):
        return folder
    return base_folder(folder, config_only=True)


def save_adapter(model: Model[Any], folder: Path, tokenizer: Tokenizer | None) -> None:
    """Write an adapted model's folder: the adapter under PEFT's names, and config.json, which names the labels.

    adapter_config.json is written last, so that a folder with it is complete.
    """
    from torso import blocks
    from torso.adapters.adapter_names import ModelNames, hub_modules, token_table
    from torso.adapters.adapter_tensors import adapter_tensors
    from torso.nn.low_rank import LoraEmbedding, LoraLinear
    from torso.weights import safetensors
    from torso.weights.adapter_weights import FILES

    adapter = model.adapter
    assert adapter is not None
    names = ModelNames.of(model)
    make_folder(folder)
    safetensors.write(folder / FILES[0], adapter_tensors(model), {"format": "pt"})
    if tokenizer is not None:
        tokenizer.save(folder)
    config = model.config.replace({"architectures": [model.architecture.class_name(model.task)]})
    with write_atomically(folder / "config.json") as file:
        file.write(config.text().encode())
    adapted, transposed = list[str](), False
    for name, module in (hub_modules(model, names) | hub_modules(model, names, blocks.Embedding)).items():
        layer = model.get_submodule(module.place)
        if isinstance(layer, LoraEmbedding) or (isinstance(layer, LoraLinear) and str(module.part) in layer.branches):
            adapted.append(name)
            transposed = transposed or module.form == "transposed"
    table = ""
    if adapter.settings.trainable_token_indices:
        table = names.keys(f"{token_table(model)[0]}.weight")[0].removesuffix(".weight")
    text = adapter.text(shortest(adapted, [*hub_modules(model, names)]), transposed=transposed, token_table=table)
    with write_atomically(folder / CONFIG) as file:
        file.write(text.encode())


def shortest(adapted: list[str], everything: list[str]) -> list[str]:
    """Return the last parts of modules' names where they mean these modules and no others; else the whole names."""
    leaves = list(dict.fromkeys(name.rpartition(".")[2] for name in adapted))
    meant = {name for name in everything if name.rpartition(".")[2] in leaves}
    return leaves if meant <= set(adapted) else adapted
