"""Pickle opcodes that torso's machine supports, each with its effect on the machine.

Source: Python's pickletools. These are all opcodes of protocols 2 to 5 except those that import, instantiate, or fetch
from a registry; of protocols 0 and 1, the ones that protocol 2 still writes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from torso.weights.pickle_reader import PickleReader

    Action = Callable[[PickleReader], None]
    Items = Callable[[PickleReader], list[object]]

_LONGEST_INTEGER = 16


def _push(value: Callable[[PickleReader], object]) -> Action:
    """Return the action that pushes a value on the stack."""
    return lambda reader: reader.stack.append(value(reader))


def _text(width: int) -> Action:
    return _push(lambda reader: reader.take(reader.number(width)).decode())


def _bytes(width: int) -> Action:
    return _push(lambda reader: reader.take(reader.number(width)))


def _natural(width: int) -> Action:
    return _push(lambda reader: reader.number(width))


def _integer(reader: PickleReader) -> int:
    count = reader.number(1)
    if count > _LONGEST_INTEGER:
        raise ValueError
    return int.from_bytes(reader.take(count), "little", signed=True)


def _tuple(count: int) -> Action:
    return lambda reader: reader.stack.append(tuple(_last(count)(reader)))


def _last(count: int) -> Items:
    return lambda reader: [reader.stack.pop() for _ in range(count)][::-1]


def _above_mark(reader: PickleReader) -> list[object]:
    return reader.above_mark()


def _remember(key: Callable[[PickleReader], int]) -> Action:
    def act(reader: PickleReader) -> None:
        reader.memo[key(reader)] = reader.stack[-1]

    return act


def _set_items(items: Items) -> Action:
    def act(reader: PickleReader) -> None:
        pairs, target = items(reader), reader.stack[-1]
        if not isinstance(target, dict):
            raise TypeError
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str | int | float | None):
                raise TypeError
            # No tensor is named by a number, and a file can choose numbers whose hashes collide: they share one entry.
            named = isinstance(key, str)
            cast("dict[str | None, object]", target)[key if named else None] = value if named else None

    return act


def _extend(items: Items) -> Action:
    def act(reader: PickleReader) -> None:
        values, target = items(reader), reader.stack[-1]
        if not isinstance(target, list):
            raise TypeError
        cast("list[object]", target).extend(values)

    return act


def _dictionary(reader: PickleReader) -> None:
    pairs = reader.above_mark()
    reader.stack.append({})
    _set_items(lambda _: pairs)(reader)


def _drop(reader: PickleReader) -> None:
    if reader.marks and reader.marks[-1] == len(reader.stack):
        reader.marks.pop()
    else:
        reader.stack.pop()


def _build(reader: PickleReader) -> None:
    """Drop attributes set on a dictionary, such as the ``_metadata`` of a state dict; refuse them on anything else."""
    reader.stack.pop()
    if not isinstance(reader.stack[-1], dict):
        raise reader.unsafe("object.__setstate__")


def _refuse_instance(reader: PickleReader) -> None:
    raise reader.unsafe("object.__new__")


def _refuse_extension(reader: PickleReader) -> None:
    raise reader.unsafe("copyreg")


def _global_below(reader: PickleReader) -> None:
    name, module = reader.stack.pop(), reader.stack.pop()
    reader.refer(module, name)


ACTIONS: Mapping[bytes, Action] = {
    b"\x80": lambda reader: _require_protocol(reader.number(1)),
    b"\x95": lambda reader: _ignore(reader.take(8)),  # FRAME: a hint for buffering
    b"(": lambda reader: reader.marks.append(len(reader.stack)),
    b"0": _drop,
    b"1": lambda reader: _ignore(reader.above_mark()),
    b"2": _push(lambda reader: reader.stack[-1]),
    b"N": _push(lambda _: None),
    b"\x88": _push(lambda _: True),
    b"\x89": _push(lambda _: False),
    b"J": _push(lambda reader: struct.unpack("<i", reader.take(4))[0]),
    b"K": _natural(1),
    b"M": _natural(2),
    b"\x8a": _push(_integer),
    b"G": _push(lambda reader: struct.unpack(">d", reader.take(8))[0]),
    b"U": _text(1),  # a str of Python 2
    b"T": _text(4),
    b"\x8c": _text(1),
    b"X": _text(4),
    b"\x8d": _text(8),
    b"C": _bytes(1),
    b"B": _bytes(4),
    b"\x8e": _bytes(8),
    b")": _push(lambda _: ()),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"t": _push(lambda reader: tuple(reader.above_mark())),
    b"]": _push(lambda _: cast("list[object]", [])),
    b"l": _push(_above_mark),
    b"a": _extend(_last(1)),
    b"e": _extend(_above_mark),
    b"}": _push(lambda _: cast("dict[object, object]", {})),
    b"d": _dictionary,
    b"s": _set_items(_last(2)),
    b"u": _set_items(_above_mark),
    b"h": _push(lambda reader: reader.memo[reader.number(1)]),
    b"j": _push(lambda reader: reader.memo[reader.number(4)]),
    b"q": _remember(lambda reader: reader.number(1)),
    b"r": _remember(lambda reader: reader.number(4)),
    b"\x94": _remember(lambda reader: len(reader.memo)),
    b"c": lambda reader: reader.refer(reader.line(), reader.line()),
    b"\x93": _global_below,
    b"R": lambda reader: reader.call(reader.stack.pop(), reader.stack.pop()),
    b"Q": lambda reader: reader.persistent(reader.stack.pop()),
    b"b": _build,
    b"\x81": _refuse_instance,
    b"\x92": _refuse_instance,
    b"i": lambda reader: reader.refer(reader.line(), reader.line()) or _refuse_instance(reader),
    b"o": _refuse_instance,
    b"\x82": _refuse_extension,
    b"\x83": _refuse_extension,
    b"\x84": _refuse_extension,
}


def _require_protocol(version: int) -> None:
    if not 2 <= version <= 5:
        raise ValueError


def _ignore(_value: object) -> None:
    pass
