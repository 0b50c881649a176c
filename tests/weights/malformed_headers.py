"""Malformed safetensors files."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable

from malformed import Case

from .builders import DATA, FILE, GOOD, PAGE, POINTER, STATE, entry, floats, leftover, safetensors, torch_bytes, write


def st(row: int, name: str, data: bytes | Callable[[], bytes], code: str, seconds: float = 5.0) -> Case:
    """A case of one safetensors file."""
    return Case(
        row, name, lambda folder: write(folder, st=data if isinstance(data, bytes) else data()), code, seconds=seconds
    )


def offsets(begin: object, end: object) -> bytes:
    return safetensors({"w": entry("F32", [2], begin, end)}, DATA)


def shape(*sizes: object, end: int = 8) -> bytes:
    return safetensors({"w": entry("F32", list(sizes), 0, end)}, bytes(end))


def two(first: tuple[int, int], second: tuple[int, int], size: int) -> bytes:
    header = {
        "a": entry("F32", [(first[1] - first[0]) // 4], *first),
        "b": entry("F32", [(second[1] - second[0]) // 4], *second),
    }
    return safetensors(header, bytes(size))


def many_tensors() -> bytes:
    info = b'":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    return safetensors(b'{"' + (info + b',"').join(b"%d" % number for number in range(1_300_000)) + info + b"}")


HEADER_CASES = [
    st(1, "empty", b"", "E_EMPTY"),
    st(2, "pointer", POINTER, "E_LFS_POINTER"),
    st(3, "web page", PAGE, "E_NOT_WEIGHTS"),
    st(3, "json error", b'{"error": "Repository not found"}', "E_NOT_WEIGHTS"),
    st(4, "zip renamed", lambda: torch_bytes(STATE), "E_WRONG_FORMAT"),
    st(4, "pickle renamed", lambda: torch_bytes(STATE, zipped=False), "E_WRONG_FORMAT"),
    st(5, "gzip", gzip.compress(FILE), "E_WRONG_FORMAT"),
    st(5, "xz", lzma.compress(FILE), "E_WRONG_FORMAT"),
    st(5, "zstd", b"\x28\xb5\x2f\xfd" + bytes(99), "E_WRONG_FORMAT"),
    st(5, "7z", b"7z\xbc\xaf\x27\x1c" + bytes(99), "E_WRONG_FORMAT"),
    *(
        Case(6, f"leftover {name}", leftover(name), "E_PARTIAL_DOWNLOAD")
        for name in (
            "model.safetensors.crdownload",
            "model.safetensors.part",
            "model.safetensors.download",
            "model (1).safetensors",
        )
    ),
    st(7, "cut in the length", FILE[:5], "E_TRUNCATED"),
    st(7, "cut in the header", FILE[:30], "E_TRUNCATED"),
    *(st(8, f"cut to {part}", floats(*range(1000))[:part], "E_TRUNCATED") for part in (400, 3960, 4067)),
    st(9, "trailing byte", FILE + b"\0", "E_TRAILING"),
    st(9, "trailing zip", lambda: FILE + torch_bytes(STATE), "E_TRAILING"),
    *(
        st(10, f"length {size}", safetensors(GOOD, DATA, size=size), "E_HEADER_SIZE")
        for size in (100_000_001, 1 << 63, (1 << 64) - 1)
    ),
    st(11, "name not UTF-8", safetensors(FILE[8:-8].replace(b"w", b"\xff"), DATA), "E_HEADER"),
    st(12, "not JSON", safetensors(b"{hello}" + b" " * 50), "E_HEADER"),
    st(12, "leading spaces", safetensors(b"  " + FILE[8:-8], DATA), "E_HEADER"),
    st(12, "byte order mark", safetensors(b"\xef\xbb\xbf" + FILE[8:-8], DATA), "E_HEADER"),
    st(12, "a list", safetensors(b"[]"), "E_HEADER"),
    st(12, "two objects", safetensors(b"{}{}"), "E_HEADER"),
    st(12, "unknown key", safetensors({"w": {**GOOD["w"], "x": 1}}, DATA), "E_HEADER"),
    st(12, "missing key", safetensors({"w": {"dtype": "F32", "shape": [2]}}, DATA), "E_HEADER"),
    st(12, "lone surrogate", safetensors(FILE[8:-8].replace(b"w", b"\\ud800"), DATA), "E_HEADER"),
    st(13, "deep lists", safetensors(b'{"w":{"shape":' + b"[" * 20_000 + b"]" * 20_000 + b"}}"), "E_HEADER", 0.1),
    st(13, "deep objects", safetensors(b'{"a":' * 20_000 + b"1" + b"}" * 20_000), "E_HEADER", 0.1),
    st(14, "two of a name", safetensors(b"{" + FILE[9:-9] + b"," + FILE[9:-9] + b"}", DATA), "E_DUPLICATE"),
    st(
        14,
        "two of a name, one escaped",
        safetensors(b"{" + FILE[9:-9] + b"," + FILE[9:-9].replace(b"w", b"\\u0077") + b"}", DATA),
        "E_DUPLICATE",
    ),
    st(
        14,
        "two of a key",
        safetensors(b'{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', DATA),
        "E_HEADER",
    ),
    st(15, "hole", two((0, 4), (8, 12), 12), "E_OFFSETS"),
    st(15, "hole in front", offsets(4, 12) + b"1234", "E_OFFSETS"),
    st(16, "overlap", two((0, 8), (4, 12), 12), "E_OFFSETS"),
    st(17, "begin after end", offsets(8, 0), "E_OFFSETS"),
    st(17, "negative", offsets(-8, 0), "E_OFFSETS"),
    st(17, "fraction", offsets(0.0, 8.0), "E_OFFSETS"),
    st(17, "text", offsets("0", "8"), "E_OFFSETS"),
    st(17, "true", offsets(False, 8), "E_OFFSETS"),
    st(17, "huge", offsets(1 << 70, (1 << 70) + 8), "E_OFFSETS"),
    st(
        17,
        "endless digits",
        safetensors(b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,' + b"8" * 5000 + b"]}}"),
        "E_HEADER",
    ),
    st(18, "overflow", shape(1 << 40, 1 << 40), "E_SHAPE"),
    st(18, "overflow beside zero", shape(0, 1 << 40, 1 << 40, end=0), "E_SHAPE"),
    st(19, "negative size", shape(-2), "E_SHAPE"),
    st(19, "a million dimensions", shape(*[1] * 1_000_000, end=4), "E_SHAPE"),
    st(19, "65 dimensions", shape(*[1] * 65, end=4), "E_SHAPE"),
    st(19, "size true", shape(True, 2), "E_SHAPE"),
    st(20, "too few bytes", shape(3), "E_SHAPE"),
    *(
        st(21, dtype, safetensors({"w": entry(dtype, [8], 0, 8)}, DATA), "E_DTYPE")
        for dtype in ("F99", "F8_E4M3FNUZ", "F4", "f32")
    ),
    st(22, "metadata of numbers", safetensors({"__metadata__": {"a": 1}, **GOOD}, DATA), "E_HEADER"),
    st(22, "metadata a list", safetensors({"__metadata__": [], **GOOD}, DATA), "E_HEADER"),
    st(22, "metadata twice", safetensors(b'{"__metadata__":{},"__metadata__":{}}'), "E_DUPLICATE"),
    st(22, "50 MB of metadata", lambda: safetensors({"__metadata__": {"a": "b" * 50_000_000}}), "E_LIMIT"),
    st(22, "50 MB of escapes", lambda: safetensors({"__metadata__": {"a": "\n" * 25_000_000}}), "E_LIMIT"),
    st(23, "1,300,000 tensors", many_tensors, "E_LIMIT"),
]
