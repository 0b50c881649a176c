"""Malformed files of torch.save."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable

import torch

from malformed import Case

from .builders import FILE, PAGE, POINTER, STATE, Call, archive, patched, torch_bytes, view, write


def torch_case(row: int, name: str, data: bytes | Callable[[], bytes], code: str) -> Case:
    """A case of one file of torch.save."""
    return Case(row, name, lambda folder: write(folder, bin=data if isinstance(data, bytes) else data()), code)


class Whole(torch.nn.Module):
    """A module that is saved whole."""


def tar_file() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            tar.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


GOOD_ZIP = torch_bytes(STATE)
UNSAFE = Call(os.system, "echo run > /dev/null")
ORDERED_DICT_BOMB = (
    b"\x80\x02ccollections\nOrderedDict\nq\x00]q\x01("
    + b"X\x01\x00\x00\x00aK\x01\x86" * 100_000
    + b"e\x85q\x02"
    + b"h\x00h\x02R0" * 500_000
    + b"."
)
COLLIDING = (1 << 61) - 1  # the hash of each of its multiples is 0


def pickled_keys(*keys: bytes) -> bytes:
    """A zip file of a dictionary with these pickled keys, None for each."""
    return archive({"data.pkl": b"\x80\x02}(" + b"".join(key + b"N" for key in keys) + b"u."})


def shared_table(count: int, wrapped: bytes = b"") -> bytes:
    """A zip file of a table that refers ``count`` times to one table of as many entries, or to what wraps it."""
    keys = [b"X\x05\0\0\0%05x" % key for key in range(count)]
    inner = b"}(" + b"".join(key + b"N" for key in keys) + b"u" + wrapped + b"q\x00"
    return archive({"data.pkl": b"\x80\x02" + inner + b"0}(" + b"".join(key + b"h\x00" for key in keys) + b"u."})


def colliding_views(count: int) -> bytes:
    """A zip file of as many views of one number, whose steps differ by multiples of what hashes to 0."""
    head = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\0(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000N"
    body = b"".join(
        b"X\x06\0\0\0%06x" % step
        + b"h\0(h\1K\0K\1\x85"
        + b"\x8a\x08"
        + (step << 33).to_bytes(8, "little")
        + b"\x85"
        + b"NNtR"
        for step in range(count)
    )
    return archive({"data.pkl": head + b"K\1tQq\1}(" + body + b"u.", "data/0": bytes(4)})


PICKLE_CASES = [
    *(
        torch_case(
            51,
            f"os.system, zip {zipped}, protocol {protocol}",
            torch_bytes({"w": UNSAFE}, zipped=zipped, protocol=protocol),
            "E_PICKLE_UNSAFE",
        )
        for zipped in (True, False)
        for protocol in (2, 4)
    ),
    *(
        torch_case(51, f"bare os.system, protocol {protocol}", pickle.dumps(UNSAFE, protocol), "E_PICKLE_UNSAFE")
        for protocol in (0, 1, 2, 3, 4, 5)
    ),
    torch_case(
        51, "nested reduce", torch_bytes({"w": Call(getattr, Call(__import__, "os"), "system")}), "E_PICKLE_UNSAFE"
    ),
    torch_case(51, "instance", archive({"data.pkl": b"\x80\x02ctorch\nSize\n)\x81."}), "E_PICKLE_UNSAFE"),
    torch_case(51, "build", archive({"data.pkl": b"\x80\x02ctorch\nSize\n}b."}), "E_PICKLE_UNSAFE"),
    torch_case(51, "extension", archive({"data.pkl": b"\x80\x02\x82\x01."}), "E_PICKLE_UNSAFE"),
    torch_case(51, "old instance", archive({"data.pkl": b"(ios\nsystem\n."}), "E_PICKLE_UNSAFE"),
    torch_case(52, "tar", tar_file(), "E_UNSUPPORTED"),
    torch_case(52, "protocol 0", torch_bytes(STATE, zipped=False, protocol=0), "E_UNSUPPORTED"),
    torch_case(53, "bomb", lambda: archive({"data.pkl": bytes(200_000_000)}, zipfile.ZIP_DEFLATED), "E_ZIP"),
    torch_case(53, "encrypted", patched(GOOD_ZIP, b"PK\x01\x02", 8, b"\x01"), "E_ZIP"),
    torch_case(53, "zip64 lies", patched(GOOD_ZIP, b"PK\x06\x06", 32, b"\xff" * 8), "E_ZIP"),
    torch_case(
        53,
        "zip64 lies in both",
        patched(patched(GOOD_ZIP, b"PK\x06\x06", 24, b"\xff" * 24), b"PK\x05\x06", 8, b"\xff" * 12),
        "E_ZIP",
    ),
    torch_case(53, "entry outside", patched(GOOD_ZIP, b"PK\x01\x02", 42, b"\xf0\xff\xff\x0f"), "E_ZIP"),
    torch_case(53, "entry over another", patched(GOOD_ZIP, b"PK\x01\x02", 42, b"\0\0\0\0"), "E_ZIP"),
    torch_case(53, "size lies", patched(GOOD_ZIP, b"PK\x01\x02", 20, b"\0\0\x00\x01\0\0\0\x01"), "E_ZIP"),
    torch_case(53, "trailing bytes", GOOD_ZIP + b"x", "E_TRUNCATED"),
    torch_case(53, "cut", GOOD_ZIP[:-30], "E_TRUNCATED"),
    torch_case(53, "checksum of the pickle", patched(GOOD_ZIP, b"OrderedDict", 0, b"orderedDict"), "E_ZIP"),
    torch_case(53, "no pickle", archive({"config.json": b"{}"}), "E_WRONG_FORMAT"),
    torch_case(53, "big-endian", archive({"data.pkl": b"\x80\x02}.", "byteorder": b"big"}), "E_UNSUPPORTED"),
    torch_case(54, "offset past the end", view(1, (4,), (1,)), "E_STORAGE"),
    torch_case(54, "stride past the end", view(0, (3,), (2,)), "E_STORAGE"),
    torch_case(54, "negative stride", view(3, (2,), (-1,)), "E_STORAGE"),
    torch_case(54, "negative offset", view(-1, (2,), (1,)), "E_STORAGE"),
    torch_case(54, "huge offset", view(1 << 62, (1,), (1,)), "E_STORAGE"),
    torch_case(54, "huge shape of steps 0", view(0, (1 << 40, 1 << 10), (0, 0)), "E_STORAGE"),
    torch_case(54, "17 million numbers of one", view(0, (4097, 4097), (0, 0)), "E_STORAGE"),
    torch_case(54, "expanded past the end", view(1, (5, 4), (0, 1)), "E_STORAGE"),
    torch_case(54, "expanded", view(0, (9, 4), (0, 1)), ""),
    torch_case(54, "shape and strides differ", view(0, (2, 2), (1,)), "E_STORAGE"),
    torch_case(54, "count lies", view(0, (4,), (1,), count=3), "E_STORAGE"),
    torch_case(54, "shape of text", view(0, ("4",), (1,)), "E_PICKLE"),
    torch_case(54, "cut old form", torch_bytes(STATE, zipped=False)[:-1], "E_TRUNCATED"),
    torch_case(54, "longer old form", torch_bytes(STATE, zipped=False) + b"\0", "E_TRAILING"),
    torch_case(
        54,
        "count lies in old form",
        patched(torch_bytes(STATE, zipped=False), b"\x04\0\0\0\0\0\0\0", 0, b"\x05", last=True),
        "E_STORAGE",
    ),
    torch_case(55, "1e7 steps", lambda: archive({"data.pkl": b"N" * 10_000_000}), "E_LIMIT"),
    torch_case(55, "65 MB string", lambda: archive({"data.pkl": b"X\x00\x00\x00\x05" + bytes(90_000_000)}), "E_LIMIT"),
    torch_case(55, "string past the end", archive({"data.pkl": b"X\xff\xff\xff\xff"}), "E_TRUNCATED"),
    torch_case(55, "memo", lambda: archive({"data.pkl": b"}" + b"\x94" * 10_000_000}), "E_LIMIT"),
    torch_case(
        55,
        "doubling lists",
        archive({"data.pkl": b"\x80\x02" + b"]q\x00" + b"](h\x00h\x00eq\x00" * 10_000 + b"."}),
        "E_NOT_STATE_DICT",
    ),
    torch_case(55, "deep tuple", archive({"data.pkl": b"\x80\x02)" + b"\x85" * 1_000_000 + b"."}), "E_NOT_STATE_DICT"),
    torch_case(
        55, "deep tuple as key", archive({"data.pkl": b"\x80\x02})" + b"\x85" * 1_000_000 + b"Ns."}), "E_PICKLE"
    ),
    torch_case(55, "long integer", archive({"data.pkl": b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b"."}), "E_PICKLE"),
    torch_case(55, "repeated OrderedDict", archive({"data.pkl": ORDERED_DICT_BOMB}), "E_PICKLE"),
    torch_case(
        55,
        "integers of one hash",
        lambda: pickled_keys(*(b"\x8a\x10" + (k * COLLIDING).to_bytes(16, "little") for k in range(1, 60_000))),
        "E_NOT_STATE_DICT",
    ),
    torch_case(
        55,
        "negative integers of one hash",
        lambda: pickled_keys(
            *(b"\x8a\x10" + (-k * COLLIDING).to_bytes(16, "little", signed=True) for k in range(1, 60_000))
        ),
        "E_NOT_STATE_DICT",
    ),
    torch_case(
        55,
        "floats that end in zeros",
        lambda: pickled_keys(*(b"G" + struct.pack(">d", float(k << 40)) for k in range(1, 60_000))),
        "E_NOT_STATE_DICT",
    ),
    torch_case(55, "one table in many places", lambda: shared_table(40_000), "E_NOT_STATE_DICT"),
    torch_case(55, "one ordered table in many places", lambda: shared_table(40_000, b"}b"), "E_NOT_STATE_DICT"),
    torch_case(55, "views whose steps collide", lambda: colliding_views(30_000), ""),
    torch_case(
        55,
        "one long identifier in many places",
        archive({"data.pkl": b"\x80\x02(" + b"N" * 100_000 + b"tq\0" + b"h\0Q" * 100_000 + b"."}),
        "E_PICKLE",
    ),
    torch_case(55, "a list in itself", archive({"data.pkl": b"\x80\x02]q\x00h\x00a."}), "E_NOT_STATE_DICT"),
    torch_case(56, "module, zip", lambda: torch_bytes(Whole()), "E_PICKLE_UNSAFE"),
    torch_case(56, "module, old form", lambda: torch_bytes(torch.nn.Linear(2, 2), zipped=False), "E_PICKLE_UNSAFE"),
    torch_case(
        56, "TorchScript", archive({"data.pkl": b"\x80\x02}.", "constants.pkl": b"\x80\x02)."}), "E_PICKLE_UNSAFE"
    ),
    torch_case(1, "empty", b"", "E_EMPTY"),
    torch_case(2, "pointer", POINTER, "E_LFS_POINTER"),
    torch_case(3, "web page", PAGE, "E_NOT_WEIGHTS"),
    torch_case(3, "zeros", bytes(4096), "E_NOT_WEIGHTS"),
    torch_case(3, "text", b"hello", "E_NOT_WEIGHTS"),
    torch_case(4, "safetensors renamed", FILE, "E_WRONG_FORMAT"),
    torch_case(4, "plain pickle", pickle.dumps({"a": 1}, 2), "E_WRONG_FORMAT"),
    torch_case(5, "gzip", gzip.compress(GOOD_ZIP), "E_WRONG_FORMAT"),
]
