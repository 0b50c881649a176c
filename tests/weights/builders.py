"""Weight files, good and bad, built byte by byte."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 90868376\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n"
GOOD = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
SAFETENSORS, INDEX = "model.safetensors", "model.safetensors.index.json"
TORCH, TORCH_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
STATE = {"w": torch.arange(4.0), "v": torch.ones(2, 3)}


def safetensors(header: object, data: bytes = b"", *, size: int | None = None) -> bytes:
    """The bytes of a safetensors file; a header that is no dict goes in as it is."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


DATA = bytes(8)
FILE = safetensors(GOOD, DATA)


def entry(dtype: str, shape: object, begin: object, end: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def floats(*values: float) -> bytes:
    return safetensors({"w": entry("F32", [len(values)], 0, 4 * len(values))}, struct.pack(f"<{len(values)}f", *values))


def torch_bytes(value: object, *, zipped: bool = True, protocol: int = 2) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return buffer.getvalue()


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in files.items():
            file.writestr(f"archive/{name}", data)
    return buffer.getvalue()


class Call:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class _Key(str):
    """Pickles as the persistent identifier of a float storage of 4 numbers."""


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        return ("storage", torch.FloatStorage, str(obj), "cpu", 4) if isinstance(obj, _Key) else None


def view(offset: object, shape: object, strides: object, *, count: int = 4) -> bytes:
    """A zip file with one tensor: a view of a storage that is said to hold 4 floats, and holds ``count``."""
    buffer = io.BytesIO()
    rebuild = torch._utils._rebuild_tensor_v2
    _Pickler(buffer, 2).dump({"w": Call(rebuild, _Key("0"), offset, shape, strides, False, {})})
    return archive({"data.pkl": buffer.getvalue(), "data/0": bytes(4 * count)})


def write(folder: Path, **files: bytes) -> None:
    for name, data in files.items():
        (folder / {"st": SAFETENSORS, "bin": TORCH, "index": INDEX, "bin_index": TORCH_INDEX}[name]).write_bytes(data)


def shard_index(weight_map: object, **more: object) -> bytes:
    return json.dumps({"weight_map": weight_map, **more}).encode()


def leftover(name: str, data: bytes = FILE) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return build


def patched(data: bytes, pattern: bytes, at: int, new: bytes, *, last: bool = True) -> bytes:
    """``data`` with bytes replaced, counted from where a pattern stands for the last or first time."""
    begin = (data.rfind(pattern) if last else data.find(pattern)) + at
    assert begin >= at
    return data[:begin] + new + data[begin + len(new) :]
