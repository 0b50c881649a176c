"""Mutations that know a form: bytes, JSON, safetensors, pickles in archives, tables of words."""

from __future__ import annotations

import copy
import io
import itertools
import json
import pickletools
import random
import struct
import zipfile
from typing import Any

_MOST = 8 << 20  # bytes that a repetition adds: what makes the input must not exhaust the memory
_NUMBERS = (0, 1, -1, 2, 7, 127, 255, 256, 65_535, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, 1 << 64, 10**400)
_FLOATS = (0.5, -0.0, 1e-300, 1e300, 20.0, float("inf"), float("-inf"), float("nan"))
_WORDS = (
    "",
    "a",
    "\0",
    "\u202e",
    "\ud800",
    "中",
    "😀",
    "../x",
    "/etc/passwd",
    "null",
    "x" * 5000,
    "{",
    "%s",
    "\n",
    "[UNK]",
)


def mangled(some: random.Random, data: bytes) -> bytes:
    """Bytes with a few changes of any kind."""
    changed = bytearray(data)
    for _ in range(some.choice((1, 1, 1, 2, 4, 16))):
        at = some.randrange(len(changed) + 1)
        span = some.choice((1, 1, 2, 4, 8, 64))
        match some.randrange(7):
            case 0:
                changed[at : at + 1] = bytes([some.randrange(256)])
            case 1:
                del changed[at : at + span]
            case 2:
                changed[at:at] = changed[at : at + span] * some.choice((1, 2, 100))
            case 3:
                width = some.choice((1, 2, 4, 8))
                number = some.choice(_NUMBERS[:-1]) & ((1 << 8 * width) - 1)
                changed[at : at + width] = number.to_bytes(width, some.choice(("little", "big")))
            case 4:
                del changed[at:]
            case 5:
                other = some.randrange(len(changed) + 1)
                changed[at : at + span] = changed[other : other + span]
            case _:
                changed[at:at] = some.choice((b"\0", b"\xff\xff\xff\xff", b'"', b"[" * 3000, b"\xed\xa0\x80", b"\r\n"))
    return bytes(changed)


def odd(some: random.Random, depth: int = 2) -> object:
    """A value that a JSON file may hold and hardly any does."""
    match some.randrange(8 if depth else 6):
        case 0:
            return None
        case 1:
            return some.random() < 0.5
        case 2 | 3:
            return some.choice(_NUMBERS)
        case 4:
            return some.choice(_FLOATS)
        case 5:
            return some.choice(_WORDS)
        case 6:
            return [odd(some, depth - 1) for _ in range(some.choice((0, 1, 2, 30)))]
        case _:
            return {some.choice(_WORDS): odd(some, depth - 1) for _ in range(some.choice((0, 1, 2, 30)))}


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every container within a value, with a key that it has."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, (dict, list)):
            keys = list(item) if isinstance(item, dict) else range(min(len(item), 50))
            found += [(item, key) for key in keys]
            left += [item[key] for key in keys]
    return found


def changed_value(some: random.Random, value: Any) -> Any:
    """A JSON value with parts replaced, taken out, moved, repeated or nested."""
    value = copy.deepcopy(value)
    for _ in range(some.choice((1, 1, 2, 3, 8))):
        places = _places(value)
        if not places:
            return odd(some)
        holder, key = some.choice(places)
        match some.randrange(7):
            case 0 | 1 | 2:
                holder[key] = odd(some)
            case 3:
                del holder[key]
            case 4:
                other, there = some.choice(places)
                holder[key] = copy.deepcopy(other[there]) if there in _keys(other) else None
            case 5:
                if isinstance(holder, dict):
                    holder[some.choice(_WORDS)] = holder.pop(key)
                else:
                    holder.extend(holder[:20] * some.choice((1, 50)))
            case _:
                for _ in range(some.choice((1, 30, 200))):
                    holder[key] = [holder[key]] if some.random() < 0.5 else {"a": holder[key]}
    return value


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))


def json_bytes(some: random.Random, value: Any) -> bytes:
    """A mutated JSON file: its value, its text, or both; keys may stand twice."""
    text = json.dumps(changed_value(some, value) if some.random() < 0.8 else value, ensure_ascii=some.random() < 0.5)
    if some.random() < 0.1 and text.startswith("{"):
        text = text[:-1] + "," * (len(text) > 2) + text[1:]
    data = text.encode("utf-8", "surrogatepass")
    return mangled(some, data) if some.random() < 0.3 else data


def safetensors_bytes(some: random.Random, header: Any, body: bytes) -> bytes:
    """A mutated safetensors file whose length fits its header, mostly."""
    text = json_bytes(some, header)
    size = len(text) if some.random() < 0.9 else some.choice(_NUMBERS[:13]) & ((1 << 64) - 1)
    data = struct.pack("<Q", size) + text + (body if some.random() < 0.8 else mangled(some, body))
    return mangled(some, data) if some.random() < 0.1 else data


def pickle_bytes(some: random.Random, data: bytes) -> bytes:
    """A pickle whose steps are changed, repeated, moved or taken out."""
    positions = [position for _, _, position in pickletools.genops(data)] + [len(data)]
    steps = [data[begin:end] for begin, end in itertools.pairwise(positions)]
    for _ in range(some.choice((1, 1, 2, 4, 10))):
        at = some.randrange(len(steps))
        match some.randrange(6):
            case 0:
                del steps[at]
                steps = steps or [b"."]
            case 1:
                steps.insert(at, some.choice(steps))
            case 2:
                steps[at:at] = steps[at : at + 8] * some.choice((1, 10, 1000))
            case 3:
                steps[at] = mangled(some, steps[at])
            case 4:
                steps.insert(at, bytes([some.randrange(256)]))
            case _:
                steps.insert(at, b"\x8a\x08" + (some.choice(_NUMBERS[:-1]) & ((1 << 63) - 1)).to_bytes(8, "little"))
    return b"".join(steps)


def torch_archive(some: random.Random, data: bytes) -> bytes:
    """A zip file of torch.save whose pickle is changed and whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for name in list(members):
        if name.endswith("data.pkl") and some.random() < 0.9:
            members[name] = pickle_bytes(some, members[name])
        elif some.random() < 0.05:
            members[name] = mangled(some, members[name])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    whole = buffer.getvalue()
    return mangled(some, whole) if some.random() < 0.1 else whole


def lines_bytes(some: random.Random, data: bytes) -> bytes:
    """A file of lines, some repeated, moved, emptied or joined."""
    lines = data.split(b"\n")
    for _ in range(some.choice((1, 2, 5))):
        at = some.randrange(len(lines))
        match some.randrange(5):
            case 0:
                some_lines = lines[at : at + 3]
                lines[at:at] = some_lines * min(some.choice((1, 200)), 1 + _MOST // (len(b"".join(some_lines)) + 1))
            case 1:
                lines[at] = str(odd(some)).encode("utf-8", "replace")
            case 2:
                lines[at] = mangled(some, lines[at])
            case 3:
                lines[at] = lines[at] * min(some.choice((2, 500)), 1 + _MOST // (len(lines[at]) + 1))
            case _:
                lines[at] += b"\r"
    joined = b"\n".join(lines)
    return mangled(some, joined) if some.random() < 0.2 else joined
