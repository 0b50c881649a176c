"""PNG pictures of weights, written with zlib alone: of one colour, more of it where the weight is larger."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_COLOUR = bytes((31, 111, 235))  # read on white and on black, also by the colour-blind: only its strength counts
_MAGIC = b"\x89PNG\r\n\x1a\n"


def weights_png(weights: Sequence[Sequence[float]], *, cell: int = 1) -> bytes:
    """Return a picture of weights from 0 to 1: nothing where a weight is 0, the full colour at the largest.

    Args:
        weights: rows of equal length; at least one number.
        cell: pixels of a weight on each side.
    """
    largest = max(max(row) for row in weights) or 1.0
    lines = bytearray()
    for row in weights:
        levels = (round(255 * min(max(each / largest, 0.0), 1.0)) for each in row)
        line = b"\0" + b"".join(bytes((level,)) * cell for level in levels)
        lines += line * cell
    size = struct.pack(">IIBBBBB", len(weights[0]) * cell, len(weights) * cell, 8, 3, 0, 0, 0)
    parts = {b"IHDR": size, b"PLTE": _COLOUR * 256, b"tRNS": bytes(range(256)), b"IDAT": zlib.compress(lines, 9)}
    return _MAGIC + b"".join(_chunk(kind, data) for kind, data in {**parts, b"IEND": b""}.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
