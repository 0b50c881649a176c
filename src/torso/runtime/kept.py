"""An optimised model's weights in a file: laid out once, mapped ever after, on the machine they were laid out for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from torso.checkpoint import safetensors
from torso.checkpoint.filling import memory
from torso.errors import InputError
from torso.files import shown
from torso.kernels.library import VERSION, PackedWeight

if TYPE_CHECKING:
    from torso.model import Model

FORMAT = "torso-packed"
_LINE = 64
"""Bytes of a line of the cache: what is mapped begins at one, as what is allocated does."""
_PARTS = ("packed", "bias", "scales", "totals")

Packed = Mapping[tuple[str, int], PackedWeight]


def fingerprint(model: Model[Any], sample: Tensor | None, asked: Mapping[str, object], instruction_set: str) -> str:
    """What a file must have been made of and for: the model's weights, what was asked, processor and version."""
    digest = hashlib.sha256()
    for name, each in model.named_parameters():
        digest.update(f"{name} {tuple(each.shape)} {each.dtype}".encode())
        digest.update(memory(each.detach().contiguous()))
    if sample is not None:
        digest.update(memory(sample.contiguous()))
    return json.dumps({"kernels": VERSION, "set": instruction_set, "weights": digest.hexdigest(), **asked})


def write(path: Path, key: str, packed: Packed, facts: Mapping[str, Any]) -> None:
    """Writes packed weights, whole or not at all.

    Args:
        path: the file; its folder exists.
        key: of `fingerprint`.
        packed: by the layer's name and the weight's kind.
        facts: what else to find there again; JSON.

    Raises:
        AccessError, DiskError: if it cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    weights: dict[str, Any] = {}
    for (name, kind), each in packed.items():
        form = each.structure
        weights[f"{name}|{kind}"] = dict(outputs=form.outputs, inputs=form.inputs, group=form.group, panel=each.panel)
        for part, tensor in zip(_PARTS, each.tensors, strict=True):
            if tensor is not None and tensor.numel():
                tensors[f"{name}|{kind}|{part}"] = tensor
    told = {"format": FORMAT, "key": key, "weights": json.dumps(weights), "facts": json.dumps(facts)}
    safetensors.write(path, tensors, told, align=_LINE)


def read(path: Path, key: str) -> tuple[dict[tuple[str, int], PackedWeight], Mapping[str, Any]] | None:
    """What `write` wrote with the same key; None if there is no file, or one made of or for something else.

    Raises:
        InputError: ``E_KEPT``, for a file that `write` did not write: it is not replaced.
        FileFormatError: as every file of its kind.
    """
    if not path.exists():
        return None
    file = safetensors.SafetensorsFile(path)
    if file.metadata.get("format") != FORMAT:
        raise InputError(
            "E_KEPT",
            "{path} is there and holds no weights of an optimised model.",
            cure="Give the name of a file that is not there yet.",
            values=dict(path=shown(path)),
        )
    if file.metadata.get("key") != key:
        return None
    mapped = file.mapped()
    packed: dict[tuple[str, int], PackedWeight] = {}
    none = mapped[next(iter(mapped))].new_empty(0).float()
    for place, form in json.loads(file.metadata["weights"]).items():
        name, _, kind = place.rpartition("|")
        parts = [mapped.get(f"{place}|{part}") for part in _PARTS]
        tensors = (parts[0], parts[1], *(none if each is None else each for each in parts[2:]))
        packed[name, int(kind)] = PackedWeight.again(tensors, int(kind), **form)  # pyright: ignore
    return packed, json.loads(file.metadata["facts"])
