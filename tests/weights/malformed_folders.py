"""Malformed indices and folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from malformed import Case

from .builders import FILE, INDEX, SAFETENSORS, leftover, shard_index, write


def index_case(
    row: int, name: str, weight_map: object, code: str, *, files: tuple[str, ...] = (), **more: object
) -> Case:
    """A case of an index whose shards all hold the tensor ``w``."""

    def build(folder: Path) -> None:
        write(folder, index=shard_index(weight_map, **more))
        for file in files:
            (folder / file).write_bytes(FILE)

    return Case(row, name, build, code)


def link_case(name: str, make: Callable[[Path], object], code: str = "E_UNSAFE_PATH") -> Case:
    """A case of an index that names a file which is something else."""

    def build(folder: Path) -> None:
        write(folder, index=shard_index({"w": "x.safetensors"}))
        make(folder / "x.safetensors")

    return Case(35, name, build, code)


def large_index(folder: Path) -> None:
    write(folder, index=b"{}")
    os.truncate(folder / INDEX, 200_000_000)


def outside(folder: Path) -> Path:
    """A folder inside which nothing lies, beside the file it would reach."""
    (folder / "x.safetensors").write_bytes(FILE)
    inner = folder / "model"
    inner.mkdir()
    write(inner, index=shard_index({"w": "../x.safetensors"}))
    return inner


def nested_index(folder: Path) -> None:
    (folder / INDEX).write_bytes(b'{"weight_map":' + b"[" * 20_000)


FOLDER_CASES = [
    Case(34, "upwards", outside, "E_UNSAFE_PATH"),
    *(
        index_case(34, f"name {name!r}", {"w": name}, "E_UNSAFE_PATH")
        for name in (
            "/etc/passwd",
            "C:\\x",
            "\\\\server\\x",
            "a/../../x",
            "",
            ".",
            "nul.safetensors",
            "a\nb",
            "a\u202eb",
        )
    ),
    link_case("link outside", lambda path: path.symlink_to("/etc/passwd")),
    link_case("fifo", os.mkfifo),
    link_case("folder", Path.mkdir),
    link_case("device", lambda path: path.symlink_to("/dev/zero")),
    link_case("endless link", lambda path: path.symlink_to(path)),
    index_case(36, "shards missing", {"w": "a.safetensors", "v": "b.safetensors"}, "E_SHARD_MISSING"),
    index_case(37, "no metadata", {"w": "a.safetensors"}, "", files=("a.safetensors",)),
    Case(38, "a list", lambda folder: write(folder, index=b"[]"), "E_INDEX"),
    Case(38, "not JSON", lambda folder: write(folder, index=b"{"), "E_INDEX"),
    Case(38, "not text", lambda folder: write(folder, index=b"{\xff}"), "E_INDEX"),
    Case(38, "200 MB", large_index, "E_INDEX"),
    Case(38, "deep", nested_index, "E_INDEX"),
    Case(38, "16 MB of lists", lambda folder: write(folder, index=b"[" + b"[]," * 5_592_000 + b"0]"), "E_INDEX"),
    index_case(38, "empty map", {}, "E_INDEX"),
    index_case(38, "map of numbers", {"w": 1}, "E_INDEX"),
    index_case(39, "absent", {"w": "a.safetensors", "v": "a.safetensors"}, "E_INDEX", files=("a.safetensors",)),
    index_case(
        39, "in two", {"w": "a.safetensors", "v": "b.safetensors"}, "E_INDEX", files=("a.safetensors", "b.safetensors")
    ),
    index_case(40, "total size", {"w": "a.safetensors"}, "", files=("a.safetensors",), metadata={"total_size": -1e300}),
    Case(
        62,
        "1 GB of JSON",
        lambda folder: sparse(folder / "tokenizer.json", 1_000_000_000),
        "E_LIMIT",
        "weights.calls:read_tokenizer",
    ),
    Case(63, "model.safetensors.txt", leftover("model.safetensors.txt"), "E_MISSING_WEIGHTS"),
    Case(63, "Model.safetensors", leftover("Model.safetensors"), "E_MISSING_WEIGHTS"),
    Case(64, "nothing", lambda folder: None, "E_MISSING_WEIGHTS"),
    Case(64, "no folder", lambda folder: folder / "absent", "E_MISSING_FOLDER"),
    Case(64, "folder is a file", lambda folder: file_as_folder(folder), "E_ACCESS"),
    Case(64, "link outside", lambda folder: (folder / SAFETENSORS).symlink_to("/etc/passwd"), "E_UNSAFE_PATH"),
    Case(64, "link to nothing", lambda folder: (folder / SAFETENSORS).symlink_to("absent"), "E_ACCESS"),
    Case(64, "fifo", lambda folder: os.mkfifo(folder / SAFETENSORS), "E_UNSAFE_PATH"),
    Case(64, "newline and right-to-left", lambda folder: odd_folder(folder), "E_EMPTY"),
]


def sparse(path: Path, size: int) -> None:
    path.write_bytes(b"{")
    os.truncate(path, size)


def file_as_folder(folder: Path) -> Path:
    (folder / "x").write_bytes(b"x")
    return folder / "x"


def odd_folder(folder: Path) -> Path:
    inner = folder / "a\nb\u202ec"
    inner.mkdir()
    write(inner, st=b"")
    return inner
