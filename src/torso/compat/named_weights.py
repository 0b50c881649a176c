"""Weights by the Hub's names into and out of any module: a class of one's own with parts that are torso's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from torso.architecture import Architecture
from torso.config.hub_config import HubConfig
from torso.errors import WeightsError
from torso.io.files import make_folder, write_atomically
from torso.language import say
from torso.loading.contents import Contents
from torso.loading.load import transformer_folder
from torso.weights import safetensors
from torso.weights.tensor_bits import bits_of
from torso.weights.weights import open_weights


def load_named(model: nn.Module, folder: Path, architecture: Architecture[Any], *, lenient: bool) -> None:
    """Fill a model from a checkpoint by name; one line on stderr says what the checkpoint did not hold.

    A name that the file has with or without the family's prefix, such as ``bert.``, is the same tensor.

    Args:
        model: its ``state_dict`` has the names.
        folder: of the checkpoint.
        architecture: of the checkpoint.
        lenient: whether tensors of another shape are left as the model has them.

    Raises:
        WeightsError: ``E_MISSING``, if no name is in the file; ``E_SHAPE``.
    """
    contents = Contents.of(open_weights(transformer_folder(folder)), architecture)
    prefix = architecture.names.prefix[0]
    given: dict[str, Tensor] = {}
    absent: list[str] = []
    wanted = cast("dict[str, Tensor]", model.state_dict())
    for name, value in wanted.items():
        other = name.removeprefix(prefix) if prefix and name.startswith(prefix) else prefix + name
        key = next((each for each in (name, other) if each in contents.actual), None)
        if key is None:
            instead = (architecture.names.fallback(each, prefix) for each in (name, other))
            key = next((each for each in instead if each in contents.actual), None)
        if key is None or (lenient and contents.shapes[key] != tuple(value.shape)):
            absent.append(name)
            continue
        if contents.shapes[key] != tuple(value.shape):
            raise WeightsError(
                "E_SHAPE",
                "{name} is {theirs} in the file, and {ours} in {kind}.",
                where="In {folder}.",
                cure="Build the class for these shapes, or pass ignore_mismatched_sizes=True to start it new.",
                values=dict(
                    name=name,
                    theirs=list(contents.shapes[key]),
                    ours=list(value.shape),
                    kind=type(model).__name__,
                    folder=folder,
                ),
            )
        given[name] = torch.empty(contents.shapes[key], dtype=value.dtype)
        contents.weights.read_into(contents.actual[key], bits_of(given[name]))
    if not given:
        raise WeightsError(
            "E_MISSING",
            "The checkpoint holds none of the names of {kind}: it has {theirs}, and the class wants {ours}.",
            where="In {folder}.",
            cure="Name the parts as the checkpoint does: self.{prefix} = {family}Model(config).",
            values=dict(
                kind=type(model).__name__,
                theirs=", ".join(list(contents.actual)[:3]),
                ours=", ".join(absent[:3]) or "-",
                folder=folder,
                prefix=prefix.partition(".")[0] or "model",
                family=architecture.family,
            ),
        )
    model.load_state_dict(given, strict=False)
    if absent:
        template = (
            "torso: {folder} has no weights for {count} tensors of {kind}: {some}. They are new, and mean nothing "
            "until you train them."
        )
        some = ", ".join(absent[:4]) + (", ..." if len(absent) > 4 else "")
        values = dict(folder=folder, count=len(absent), kind=type(model).__name__, some=some)
        print(say(template, values), file=sys.stderr)


def save_named(model: nn.Module, folder: Path, config: HubConfig) -> None:
    """Write ``model.safetensors`` and then ``config.json``; a tensor under two names is written under its first.

    Raises:
        AccessError, DiskError: the folder cannot be written; no half file is left.
    """
    make_folder(folder)
    seen: set[tuple[int, tuple[int, ...]]] = set()
    tensors: dict[str, Tensor] = {}
    for name, value in cast("dict[str, Tensor]", model.state_dict()).items():
        if (place := (value.data_ptr(), tuple(value.shape))) not in seen or not value.numel():
            seen.add(place)
            tensors[name] = value.detach()
    safetensors.write(folder / "model.safetensors", tensors, {"format": "pt"})
    with write_atomically(folder / "config.json") as file:
        file.write(config.text().encode())
