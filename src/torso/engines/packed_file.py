"""File of a compiled model's packed weights, for the machine that they were packed on.

No allocation depends on what a file states: names, kinds and sizes of its tensors follow from the model's own layers,
and a file that differs from them, or from its own SHA-256, is refused before anything is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torso.errors import FileFormatError, InputError, LimitError, NotFoundError, UnsupportedError
from torso.host_batch import HostBatch
from torso.io.files import shown
from torso.io.strict_json import decode_json
from torso.kernels.host_memory import LINE, empty, empty_bytes
from torso.kernels.library import VERSION, Form, Library
from torso.kernels.packed_weight import PackedWeight
from torso.weights import safetensors, verified_safetensors
from torso.weights.number_bits import NumberBits, memory
from torso.weights.tensor_entry import TensorEntry

FORMAT = "torso-packed"
_PARTS = ("packed", "bias", "scales", "totals")

Weight = tuple[str, int]
"""Name of a layer in the encoder, and kind of its weight."""


def fingerprint(identity: str, sample: HostBatch | None, asked: Mapping[str, object], instruction_set: str) -> str:
    """Return the key of a file of packed weights: a JSON text.

    It covers the model (its config, task and weights), the sample's texts, the requested mode, the instruction set and
    the version of the kernels.

    Args:
        identity: hash of the model.
        sample: calibration texts; None for random ones.
        asked: mode and fidelity; JSON.
        instruction_set: of the kernels.
    """
    digest = hashlib.sha256(identity.encode())
    if sample is not None:
        digest.update(f"sample {list(sample.sizes)}".encode())
        digest.update(memory(sample.numbers))
    return json.dumps({"kernels": VERSION, "set": instruction_set, "made of": digest.hexdigest(), **asked})


def write(path: Path, key: str, packed: Mapping[Weight, PackedWeight], facts: Mapping[str, Any]) -> None:
    """Write packed weights atomically.

    Args:
        path: the file; its folder exists.
        key: of `fingerprint`.
        packed: by the layer's name and the weight's kind.
        facts: further values to store; JSON.

    Raises:
        AccessError, DiskError: if it cannot be written.
    """
    tensors: dict[str, NumberBits] = {}
    for (name, kind), each in packed.items():
        for part, array in zip(_PARTS, each.arrays, strict=True):
            if array is not None and array.size:
                tensors[f"{name}|{kind}|{part}"] = NumberBits(array, _dtype(part))
    verified_safetensors.write(path, tensors, {"format": FORMAT, "key": key, "facts": json.dumps(facts)}, align=LINE)


def read(
    path: Path, key: str, library: Library, forms: Callable[[object], Mapping[Weight, Form]]
) -> dict[Weight, PackedWeight] | None:
    """Read the packed weights that `write` wrote with the same key; None if there is no file or its key differs.

    Args:
        path: the file.
        key: of `fingerprint`.
        library: the kernels.
        forms: maps the file's facts to the forms of all weights that it must hold; raises ValueError for impossible
            facts.

    Raises:
        InputError: ``E_KEPT``, for a file that `write` did not write, or that has changed since; it is not replaced.
        AccessError, UnsafeFileError: for what cannot be opened as a file.
    """
    try:
        file = safetensors.SafetensorsFile(path)
    except NotFoundError:
        return None
    except (FileFormatError, LimitError, UnsupportedError) as error:
        raise _foreign(path) from error
    if file.metadata.get("format") != FORMAT:
        raise _foreign(path)
    if file.metadata.get("key") != key:
        return None
    try:
        expected = forms(decode_json(file.metadata.get("facts", "")))
        sizes = {name_and_kind: form.sizes(library) for name_and_kind, form in expected.items()}
        found = verified_safetensors.read(file, _entries(sizes), empty=_empty)
        return {
            (name, kind): PackedWeight.again(library, form, _parts(found, f"{name}|{kind}"))
            for (name, kind), form in expected.items()
        }
    except ValueError as error:  # FileFormatError is one
        raise InputError(
            "E_KEPT",
            "{path} is not as torso wrote it: it was changed or damaged since.",
            where="{reason}.",
            cure="Delete it: it is written again at the next call.",
            values=dict(path=shown(path), reason=shown(str(error))),
        ) from error


def _entries(sizes: Mapping[Weight, tuple[int, ...]]) -> dict[str, TensorEntry]:
    """Return the file's tensor entries, from the number of elements of each part of its weights."""
    return {
        f"{name}|{kind}|{part}": TensorEntry(_dtype(part), (size,))
        for (name, kind), parts in sizes.items()
        for part, size in zip(_PARTS, parts, strict=True)
        if size
    }


def _dtype(part: str) -> str:
    return "U8" if part == "packed" else "F32"


def _empty(entry: TensorEntry) -> NumberBits:
    (size,) = entry.shape
    return NumberBits(empty_bytes(size) if entry.dtype == "U8" else empty(size), entry.dtype)


def _parts(found: Mapping[str, NumberBits], name_and_kind: str) -> Any:
    """Return the parts of one weight; those of no size are not in the file."""
    parts = [found.get(f"{name_and_kind}|{part}") for part in _PARTS]
    packed, bias, scales, sums = (None if each is None else each.data for each in parts)
    return packed, bias, empty(0) if scales is None else scales, empty(0) if sums is None else sums


def _foreign(path: Path) -> InputError:
    return InputError(
        "E_KEPT",
        "{path} is there and holds no weights of an optimised model.",
        cure="Give the name of a file that is not there yet.",
        values=dict(path=shown(path)),
    )
