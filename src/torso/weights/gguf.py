"""GGUF reader (llama.cpp's format): metadata and tensors by name, data read on demand.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from torso.errors import FileFormatError, LimitError, UnsupportedError, WeightsError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile, truncated
from torso.weights.gguf_blocks import BLOCKS, CODES, values_of
from torso.weights.tensor_entry import MOST_TENSORS, fits_memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 64 << 20
"""Bytes of metadata and descriptions before the numbers."""
MOST_VALUES = 2_000_000
"""Values of metadata, those of lists counted one by one."""
_WINDOW = 1 << 20
_UNPACKED = 1 << 16
"""Numbers that are unpacked at a time."""
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")
_MOST_DIMENSIONS = 4
_TYPES = {code: kind for kind, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """Stored tensor: its block type, its shape in torch's axis order, and the offset of its bytes in the file."""

    kind: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """Size in bytes."""
        width, stride = BLOCKS[self.kind]
        return prod(self.shape) // width * stride


class GgufFile:
    """One GGUF file: metadata and shapes are known after opening, tensor data is read on demand.

    Attributes:
        path: the file.
        metadata: numbers, strings and lists of them by key, as ``llama.block_count``.
        tensors: every tensor by name.
    """

    def __init__(self, path: Path) -> None:
        """Read and check everything in ``path`` except tensor data.

        Raises:
            TorsoError: as `torso.io.files.open_regular`.
            FileFormatError: E_WRONG_FORMAT, E_HEADER, E_DUPLICATE, E_OFFSETS, E_SHAPE, E_TRUNCATED.
            LimitError: E_LIMIT.
            UnsupportedError: E_UNSUPPORTED: version 1 or a big-endian file; E_DTYPE: blocks that torso does not read.
        """
        self.path = path
        self._file = ByteFile(path)
        self._position, self._window, self._start = 0, b"", 0
        self._values_left = MOST_VALUES
        if self._file.size < 4 or self._take(4) != b"GGUF":
            raise FileFormatError(
                "E_WRONG_FORMAT",
                "{path} is no GGUF file: it does not begin with the letters GGUF.",
                cure="Download it again, or name a GGUF file.",
                values=dict(path=shown(path)),
            )
        version = self._number("I")
        if version not in (2, 3):
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} is of GGUF version {version}; torso reads 2 and 3, of little-endian machines.",
                cure="Look for the same model in a later GGUF, or in safetensors.",
                values=dict(path=shown(path), version=version),
            )
        tensors, pairs = self._number("Q"), self._number("Q")
        if tensors > MOST_TENSORS or pairs > MOST_VALUES:
            raise self._too_much()
        self.metadata: dict[str, object] = {}
        for _ in range(pairs):
            key = self._string()
            if key in self.metadata:
                raise self._bad(f"two values of the key {key[:80]!r}", "E_DUPLICATE")
            self.metadata[key] = self._value(self._number("I"), 2)
        self.tensors = self._tensors(tensors)

    def read(self, name: str, piece: int = 0, pieces: int = 1) -> NDArray[np.float32]:
        """Return a tensor, or one of equal pieces of it, in new memory, dequantised to float32.

        A piece has the tensor's shape without its first size, which is the number of pieces.

        Raises:
            WeightsError: E_MISSING.
            FileFormatError: E_TRUNCATED, where the file was truncated after it was opened.
        """
        import numpy as np

        if name not in self.tensors:
            raise WeightsError(
                "E_MISSING",
                "There is no tensor {name} in {path}.",
                cure="Choose one of the names in GgufFile.tensors.",
                values=dict(name=shown(name), path=shown(self.path)),
            )
        tensor = self.tensors[name]
        shape = tensor.shape if pieces == 1 else tensor.shape[1:]
        out = np.empty(prod(shape), np.float32)
        for start, values in self.parts(name, piece, pieces):
            out[start : start + values.size] = values
        return out.reshape(shape)

    def parts(self, name: str, piece: int = 0, pieces: int = 1) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield a tensor's numbers in order, some blocks at a time: the index of the first, and the numbers [n].

        Of one of equal pieces along its first size, the numbers are counted from the piece's own first.

        What is unpacked of blocks takes several times their own memory, and fits a processor's cache so.

        Raises:
            FileFormatError: E_TRUNCATED, where the file was truncated after it was opened.
        """
        tensor = self.tensors[name]
        width, stride = BLOCKS[tensor.kind]
        step, count = max(1, _UNPACKED // width), tensor.size // stride // pieces
        for begin in range(0, count, step):
            raw = self.blocks(name, piece * count + begin, min(step, count - begin))
            yield begin * width, values_of(tensor.kind, raw).reshape(-1)

    def blocks(self, name: str, begin: int, count: int) -> NDArray[np.uint8]:
        """Return blocks of a tensor as they are stored, [count, bytes of a block].

        Raises:
            FileFormatError: E_TRUNCATED, where the file was truncated after it was opened.
        """
        import numpy as np

        from torso.weights.number_bits import memory

        tensor = self.tensors[name]
        raw = np.empty((count, BLOCKS[tensor.kind][1]), np.uint8)
        self._file.read_into(memory(raw), tensor.offset + begin * raw.shape[1])
        return raw

    def _tensors(self, count: int) -> dict[str, GgufTensor]:
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 16 or alignment % 8:
            raise self._bad(f"an alignment of {str(alignment)[:40]}", "E_HEADER")
        described = [self._described() for _ in range(count)]
        data = -(-self._position // alignment) * alignment
        found: dict[str, GgufTensor] = {}
        end = data
        for name, kind, shape, offset in sorted(described, key=lambda each: each[3]):
            tensor = GgufTensor(kind, shape, data + offset)
            if name in found:
                raise self._bad(f"two tensors named {name[:80]!r}", "E_DUPLICATE")
            if tensor.offset < end or offset % alignment:
                raise self._bad(f"tensor {name[:80]!r} over the one before it", "E_OFFSETS")
            end = tensor.offset + tensor.size
            found[name] = tensor
        if end > max(self._file.size, data):
            raise truncated(self.path, self._file.size, end)
        return found

    def _described(self) -> tuple[str, str, tuple[int, ...], int]:
        name, dimensions = self._string(), self._number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise self._bad(f"{dimensions} dimensions of {name[:80]!r}", "E_SHAPE")
        shape = tuple(self._number("Q") for _ in range(dimensions))[::-1]
        code, offset = self._number("I"), self._number("Q")
        if code not in _TYPES:
            raise UnsupportedError(
                "E_DTYPE",
                "{name} in {path} is stored in blocks of type {code}, which torso does not read. It reads {known}.",
                cure="Look for the same model in one of these types.",
                values=dict(name=shown(name[:80]), path=shown(self.path), code=code, known=", ".join(BLOCKS)),
            )
        kind = _TYPES[code]
        row = shape[-1] if shape else 1
        if not fits_memory(shape) or row % BLOCKS[kind][0] or offset >= 1 << 60:
            raise self._bad(f"shape {list(shape)} of {name[:80]!r}, in blocks of {BLOCKS[kind][0]}", "E_SHAPE")
        return name, kind, shape, offset

    def _value(self, code: int, depth: int) -> object:
        self._values_left -= 1
        if self._values_left < 0:
            raise self._too_much()
        if code in _SCALARS:
            return self._number(_SCALARS[code])
        if code == _STRING:
            return self._string()
        if code != _ARRAY or not depth:
            raise self._bad(f"a value of type {code}", "E_HEADER")
        inner, count = self._number("I"), self._number("Q")
        if count > self._values_left:
            raise self._too_much()
        if inner in _SCALARS:
            self._values_left -= count
            form = struct.Struct(f"<{count}{_SCALARS[inner]}")
            return list(form.unpack(self._take(form.size)))
        if inner == _STRING:
            self._values_left -= count
            return [self._string() for _ in range(count)]
        return [self._value(inner, depth - 1) for _ in range(count)]

    def _string(self) -> str:
        data = self._take(_LENGTH.unpack(self._take(8))[0])
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode(errors="replace")  # tokens of some vocabularies are halves of characters

    def _number(self, form: str) -> int:
        size = struct.calcsize(f"<{form}")
        return struct.unpack(f"<{form}", self._take(size))[0]

    def _take(self, count: int) -> bytes:
        begin, self._position = self._position - self._start, self._position + count
        if begin + count > len(self._window):
            if self._position > self._file.size:
                raise truncated(self.path, self._file.size, self._position)
            if self._position > MOST_BYTES:
                raise self._too_much()
            self._start = self._position - count
            self._window = self._file.read(self._start, min(max(count, _WINDOW), self._file.size - self._start))
            begin = 0
        return self._window[begin : begin + count]

    def _bad(self, found: str, code: str) -> FileFormatError:
        return FileFormatError(
            code,
            "{path} is a malformed GGUF file: it has {found} before byte {position}.",
            cure="Download it again.",
            values=dict(path=shown(self.path), found=shown(found), position=f"{self._position:,}"),
        )

    def _too_much(self) -> LimitError:
        return LimitError(
            "E_LIMIT",
            "{path} describes more than torso reads: {bytes} bytes, {values} values or {tensors} tensors.",
            cure="Check that this is the file you mean.",
            values=dict(
                path=shown(self.path),
                bytes=f"{MOST_BYTES:,}",
                values=f"{MOST_VALUES:,}",
                tensors=f"{MOST_TENSORS:,}",
            ),
        )
