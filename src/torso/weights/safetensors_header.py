"""Strict, bounded parser of the safetensors header: sizes stated by the file allocate nothing.

Source: the format's description in the README of safetensors. Stricter than the library, which takes the last of two
tensors with one name, and spaces before the header.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, cast

from torso.errors import FileFormatError, LimitError, UnsupportedError
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.weights.tensor_entry import DTYPES, MOST_DIMENSIONS, MOST_TENSORS, TensorEntry, fits_memory

LONGEST_HEADER = 100_000_000
_LONGEST_INFO = 1 << 16
_LARGEST_METADATA = 16 << 20

_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+"'
_KEY = re.compile(rb"[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+(?=\{)")
_INFO = re.compile(rb"\{[^{}]*+\}")
_PAIR = re.compile(rb"[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+")
_NEXT = re.compile(rb"[ \t\r\n]*+([,}])")


class Header(NamedTuple):
    """Every tensor of a file with its byte range, relative to the end of the header, and the metadata."""

    entries: dict[str, TensorEntry]
    offsets: dict[str, int]
    metadata: dict[str, str]
    data_size: int


def parse_header(header: bytes, path: Path) -> Header:
    """Parse a header, given without its eight length bytes.

    Raises:
        FileFormatError: E_HEADER, E_DUPLICATE, E_OFFSETS, E_SHAPE.
        LimitError: E_LIMIT: more than 200,000 tensors, metadata of more than 16 MiB.
        UnsupportedError: E_DTYPE.
    """
    return _Parser(header, path).parse()


class _Parser:
    """Header scanner built from a few bounded patterns; the JSON decoder sees one tensor's entry at a time."""

    def __init__(self, header: bytes, path: Path) -> None:
        self._header, self._path = header, path
        self._entries: dict[str, TensorEntry] = {}
        self._spans: list[tuple[int, int, str]] = []
        self._metadata: dict[str, str] | None = None

    def parse(self) -> Header:
        if self._header[:1] != b"{":
            raise self._malformed(0)
        position = self._end_if_empty(1)
        more = position == 0
        position = position or 1
        while more:
            position = self._member(position)
            following = _NEXT.match(self._header, position)
            if not following:
                raise self._malformed(position)
            more, position = following[1] == b",", following.end()
        if self._header[position:].strip(b" \t\r\n"):
            raise self._malformed(position)
        offsets, size = self._covered()
        return Header(self._entries, offsets, self._metadata or {}, size)

    def _end_if_empty(self, position: int) -> int:
        following = _NEXT.match(self._header, position)
        return following.end() if following and following[1] == b"}" else 0

    def _member(self, position: int) -> int:
        key = _KEY.match(self._header, position)
        if not key:
            raise self._malformed(position)
        name = self._string(key[1], position)
        if name == "__metadata__":
            return self._read_metadata(key.end())
        info = _INFO.match(self._header, key.end())
        if not info:
            raise self._malformed(key.end())
        self._add(name, info[0], key.end())
        return info.end()

    def _string(self, quoted: bytes, position: int) -> str:
        try:
            text = quoted.decode()
            return str(decode_json(text)) if "\\" in text else text[1:-1]
        except ValueError:
            raise self._malformed(position) from None

    def _read_metadata(self, position: int) -> int:
        if self._metadata is not None:
            raise self._duplicate("__metadata__")
        self._metadata, begin = {}, position
        end = self._end_if_empty(position + 1)
        while not end:
            pair = _PAIR.match(self._header, position + 1)
            if not pair:
                raise self._malformed(position + 1)
            if pair.end() - begin > _LARGEST_METADATA:
                raise LimitError(
                    "E_LIMIT",
                    "{path} holds more than {limit} bytes of metadata, the most that torso reads.",
                    cure="Check that this is the file you mean.",
                    values=dict(path=shown(self._path), limit=f"{_LARGEST_METADATA:,}"),
                )
            name = self._string(pair[1], position)
            if name in self._metadata:
                raise self._duplicate(name)
            self._metadata[name] = self._string(pair[2], position)
            position = pair.end()
            closing = self._header[position : position + 1]
            if closing not in (b"}", b","):
                raise self._malformed(position)
            end = position + 1 if closing == b"}" else 0
        return end

    def _add(self, name: str, info: bytes, position: int) -> None:
        if name in self._entries:
            raise self._duplicate(name)
        if len(self._entries) == MOST_TENSORS:
            raise LimitError(
                "E_LIMIT",
                "{path} holds more than {limit} tensors, the most that torso reads.",
                cure="Check that this is the file you mean.",
                values=dict(path=shown(self._path), limit=f"{MOST_TENSORS:,}"),
            )
        if len(info) > _LONGEST_INFO:
            raise self._bad_shape(name, f"{len(info):,} bytes of description")
        try:
            fields = cast("dict[str, object]", decode_json(info.decode()))
        except ValueError:
            raise self._malformed(position) from None
        if fields.keys() != {"dtype", "shape", "data_offsets"}:
            raise self._malformed(position)
        entry = TensorEntry(self._dtype(name, fields["dtype"]), self._shape(name, fields["shape"]))
        begin, end = self._offsets(name, fields["data_offsets"])
        if end - begin != entry.size:
            raise self._bad_shape(name, f"{list(entry.shape)} {entry.dtype} in {end - begin:,} bytes")
        self._entries[name] = entry
        self._spans.append((begin, end, name))

    def _dtype(self, name: str, dtype: object) -> str:
        if isinstance(dtype, str) and dtype in DTYPES:
            return dtype
        raise UnsupportedError(
            "E_DTYPE",
            "{name} in {path} is stored as {dtype}, which torso does not read. It reads {known}.",
            cure="Look for the same model in one of these types.",
            values=dict(name=_short(name), path=shown(self._path), dtype=_short(dtype), known=", ".join(DTYPES)),
        )

    def _shape(self, name: str, sizes: object) -> tuple[int, ...]:
        shape = _natural_numbers(sizes)
        if shape is None or len(shape) > MOST_DIMENSIONS or not fits_memory(shape):
            raise self._bad_shape(name, _short(sizes))
        return shape

    def _offsets(self, name: str, offsets: object) -> tuple[int, int]:
        pair = _natural_numbers(offsets)
        if pair is None or len(pair) != 2 or pair[0] > pair[1] or pair[1] >= 1 << 63:
            raise self._bad_offsets(name, _short(offsets))
        return pair[0], pair[1]

    def _covered(self) -> tuple[dict[str, int], int]:
        """Return the offset of each tensor in file order, and the end of the last; gaps and overlaps are refused."""
        offsets: dict[str, int] = {}
        expected = 0
        for begin, end, name in sorted(self._spans):
            if begin != expected:
                raise self._bad_offsets(name, f"{begin:,} != {expected:,}")
            offsets[name], expected = begin, end
        return offsets, expected

    def _malformed(self, position: int) -> FileFormatError:
        found = self._header[position : position + 20]
        return FileFormatError(
            "E_HEADER",
            "{path} has a malformed safetensors header: {found} at byte {position} is not what the format puts there.",
            cure="Download it again: torso repair {folder}",
            values=dict(
                path=shown(self._path), folder=shown(self._path.parent), found=repr(found)[1:], position=position + 8
            ),
        )

    def _duplicate(self, name: str) -> FileFormatError:
        return FileFormatError(
            "E_DUPLICATE",
            "{path} names {name} twice in its header; readers would disagree on which one counts.",
            cure="Get the file again from a source you trust.",
            values=dict(path=shown(self._path), name=_short(name)),
        )

    def _bad_shape(self, name: str, found: str) -> FileFormatError:
        return FileFormatError(
            "E_SHAPE",
            "{name} in the header of {path} has an impossible shape or size: {found}.",
            cure="Download it again: torso repair {folder}",
            values=dict(path=shown(self._path), name=_short(name), found=found, folder=shown(self._path.parent)),
        )

    def _bad_offsets(self, name: str, found: str) -> FileFormatError:
        return FileFormatError(
            "E_OFFSETS",
            "{name} in the header of {path} does not begin where the tensor before it ends: {found}.",
            cure="Download it again: torso repair {folder}",
            values=dict(path=shown(self._path), name=_short(name), found=found, folder=shown(self._path.parent)),
        )


def _natural_numbers(value: object) -> tuple[int, ...] | None:
    """Return a list of non-negative integers as a tuple, else None; True and 1.0 are refused too."""
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    numbers = tuple(item for item in items if type(item) is int and item >= 0)
    return numbers if len(numbers) == len(items) else None


def _short(value: object) -> str:
    """Return a value from the file, shortened for a message."""
    return shown(repr(value) if len(repr(value)) < 100 else repr(value)[:97] + "...")
