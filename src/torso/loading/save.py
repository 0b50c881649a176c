"""Saving a model as a folder in the Hub's layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from torso import blocks
from torso.architecture import Task
from torso.config.config_file import LIMIT
from torso.errors import UnsupportedError
from torso.io.files import make_folder, read_bytes, write_atomically
from torso.loading.contents import part_views
from torso.loading.plan import HEAD, TRUNK
from torso.weights import safetensors
from torso.weights.names import Names

if TYPE_CHECKING:
    from torso.model import Model
    from torso.text import Tokenizer

_WRITING = "generation_config.json"


def save(model: Model[Any], folder: Path, tokenizer: Tokenizer | None) -> None:
    """Write ``model.safetensors``, ``config.json``, and the tokenizer's files if one is given; or the adapter alone.

    The checkpoint's generation_config.json is copied unchanged. The config is written last, so that a folder with a
    config is complete.
    """
    if model.adapter is not None:
        from torso.adapters.adapter_folder import save_adapter

        save_adapter(model, folder, tokenizer)
        return
    _require_whole(model)
    make_folder(folder)
    safetensors.write(folder / "model.safetensors", hub_tensors(model), {"format": "pt"})
    if tokenizer is not None:
        tokenizer.save(folder)
    if model.report is not None and (written := Path(model.report.source) / _WRITING).is_file():
        data = read_bytes(written, limit=LIMIT)
        with write_atomically(folder / _WRITING) as file:
            file.write(data)
    config = model.config.replace({"architectures": [model.architecture.class_name(model.task)]})
    with write_atomically(folder / "config.json") as file:
        file.write(config.text().encode())


def _require_whole(model: Model[Any]) -> None:
    there = {name for name, _ in model.named_parameters()}
    lacking = [name for name, _ in blocks.named_weights(model.description) if name not in there]
    if lacking:
        raise UnsupportedError(
            "E_REPLACED",
            "Modules of this model were replaced: it lacks {count} of its weights, first {name}.",
            cure="Load it again, and save it as it is then.",
            values=dict(count=len(lacking), name=lacking[0]),
        )


def hub_tensors(model: Model[Any]) -> dict[str, Tensor]:
    """Return every weight under its Hub name, fused ones split again: views wherever possible."""
    prefix = _prefix(model)
    head_names = model.architecture.plan(model.task).names
    parts = model.fused()
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        names = model.architecture.names if name.startswith(TRUNK) else head_names
        own = name.removeprefix(TRUNK).removeprefix(HEAD)
        keys = names.keys(own, prefix)
        views = part_views(parameter.detach(), len(keys), names.form(own), parts.get(name.rpartition(".")[0]))
        tensors.update(zip(keys, views, strict=True))
    return tensors


def hub_name(model: Model[Any], parameter: str) -> tuple[str, ...]:
    """Return the Hub names of one parameter: several where it is fused."""
    names: Names = (
        model.architecture.names if parameter.startswith(TRUNK) else model.architecture.plan(model.task).names
    )
    return names.keys(parameter.removeprefix(TRUNK).removeprefix(HEAD), _prefix(model))


def _prefix(model: Model[Any]) -> str:
    """Return the file's own prefix; for a new model transformers' one, which is empty without a head.

    Of the part of a larger model, the prefix of a file of its own.
    """
    if model.report is not None and model.report.prefix not in model.architecture.names.within:
        return model.report.prefix
    own = model.architecture.plan(model.task).prefix
    return own if own is not None else "" if model.task is Task.FEATURES else model.architecture.names.prefix[0]
