"""GGUF files built byte by byte, and their blocks read number by number, as the format's description has them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

CODES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 8, "Q4_K": 12, "Q6_K": 14, "BF16": 30}
Tensor = tuple[str, Sequence[int], bytes]  # kind, shape as torch has it, bytes


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def value(given: object) -> bytes:
    """A value of metadata with the code of its type before it."""
    if isinstance(given, str):
        return struct.pack("<I", 8) + text(given)
    if isinstance(given, bool):
        return struct.pack("<I?", 7, given)
    if isinstance(given, int):
        return struct.pack("<Iq", 11, given)
    if isinstance(given, float):
        return struct.pack("<If", 6, given)
    assert isinstance(given, list)
    inner = [value(each) for each in given]
    return struct.pack("<I", 9) + inner[0][:4] + struct.pack("<Q", len(inner)) + b"".join(each[4:] for each in inner)


def gguf(metadata: Mapping[str, object], tensors: Mapping[str, Tensor], *, version: int = 3) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(text(key) + value(each) for key, each in metadata.items())
    body = b""
    for name, (kind, shape, data) in tensors.items():
        head += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        head += struct.pack("<IQ", CODES[kind], len(body))
        body += data + bytes(-len(data) % 32)
    return head + bytes(-len(head) % 32) + body


def half(data: bytes) -> float:
    return struct.unpack("<e", data)[0]


def numbers(kind: str, block: bytes) -> list[float]:
    """The numbers of one block, in Python's own double precision."""
    if kind == "Q8_0":
        return [half(block[:2]) * each for each in struct.unpack("<32b", block[2:])]
    if kind in ("Q4_0", "Q4_1"):
        packed = block[2:] if kind == "Q4_0" else block[4:]
        quants = [each & 15 for each in packed] + [each >> 4 for each in packed]
        if kind == "Q4_0":
            return [half(block[:2]) * (each - 8) for each in quants]
        return [half(block[:2]) * each + half(block[2:4]) for each in quants]
    if kind == "Q4_K":
        packed, scales = block[16:], block[4:16]
        found: list[float] = []
        for j in range(8):
            if j < 4:
                scale, least = scales[j] & 63, scales[j + 4] & 63
            else:
                scale = (scales[j + 4] & 15) | ((scales[j - 4] >> 6) << 4)
                least = (scales[j + 4] >> 4) | ((scales[j] >> 6) << 4)
            for each in packed[32 * (j // 2) : 32 * (j // 2) + 32]:
                quant = each >> 4 if j % 2 else each & 15
                found.append(half(block[:2]) * scale * quant - half(block[2:4]) * least)
        return found
    assert kind == "Q6_K"
    low, high, scales = block[:128], block[128:192], struct.unpack("<16b", block[192:208])
    found = [0.0] * 256
    for n in (0, 1):
        for i in range(32):
            l0, l1, h = low[64 * n + i], low[64 * n + 32 + i], high[32 * n + i]
            quants = (
                l0 & 15 | (h & 3) << 4,
                l1 & 15 | (h >> 2 & 3) << 4,
                l0 >> 4 | (h >> 4 & 3) << 4,
                l1 >> 4 | (h >> 6) << 4,
            )
            for part, quant in enumerate(quants):
                at = 128 * n + 32 * part + i
                found[at] = half(block[208:]) * scales[at // 16] * (quant - 32)
    return found
