"""Strict reader of the protocol buffers wire format, field by field.

https://protobuf.dev/programming-guides/encoding/ describes it. Groups, which no file in use has, are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from torso.text.faults import Fault

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FLOAT = struct.Struct("<f")
_WIDTHS = {FIXED64: 8, FIXED32: 4}

Field = tuple[int, int, int | bytes]


def fields(message: bytes) -> Iterator[Field]:
    """Yield number, kind and value of each field in order: an int for a varint, else bytes.

    Raises:
        Fault: the message ends inside a field, a number is longer than 64 bits, or a field is of no known kind.
    """
    place, end = 0, len(message)
    while place < end:
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(message, place)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, place = _varint(message, place)
        elif kind in _WIDTHS and number:
            size = _WIDTHS[kind]
        else:
            raise Fault("its field {number} is of kind {kind}, which is not read", number=number, kind=kind)
        if size > end - place:
            raise Fault(
                "it ends inside a field: {size} bytes are announced, {left} follow", size=size, left=end - place
            )
        yield number, kind, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Return a base-128 varint, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise Fault("it ends inside a number")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, place
    raise Fault("it holds a number of more than 64 bits")


def as_text(field: Field) -> str:
    """Return a field's value as UTF-8 text."""
    number, kind, value = field
    if kind == BYTES and isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("its field {number} is not UTF-8 text", number=number) from None
    raise _wrong_kind(field)


def as_bytes(field: Field) -> bytes:
    """Return a field's value as bytes, such as a nested message."""
    _, kind, value = field
    if kind == BYTES and isinstance(value, bytes):
        return value
    raise _wrong_kind(field)


def as_whole(field: Field) -> int:
    """Return a field's value as a signed 32-bit integer."""
    _, kind, value = field
    if kind == VARINT and isinstance(value, int):
        signed = value - (1 << 64) if value >> 63 else value
        if -(1 << 31) <= signed < 1 << 31:
            return signed
    raise _wrong_kind(field)


def as_flag(field: Field) -> bool:
    """Return a field's value as a bool."""
    return as_whole(field) != 0


def as_float(field: Field) -> float:
    """Return a field's value as a finite float."""
    _, kind, value = field
    if kind == FIXED32 and isinstance(value, bytes):
        number = float(_FLOAT.unpack(value)[0])
        if abs(number) != float("inf") and number == number:
            return number
    raise _wrong_kind(field)


def _wrong_kind(field: Field) -> Fault:
    return Fault("its field {number} does not hold what it should: {value}", number=field[0], value=field[2])
