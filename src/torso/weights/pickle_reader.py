"""Restricted pickle machine: builds numbers, strings and containers, and passes every call to a closed list.

Source: Python's pickletools, protocols 2 to 5. Left out on purpose (see `torso.weights.pickle_opcodes`): everything
that imports, instantiates or calls, but for the names its user allows; extensions; buffers out of band.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from torso.errors import FileFormatError, LimitError, TorsoError, UnsafeFileError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile, truncated
from torso.weights.pickle_opcodes import ACTIONS

MOST_STEPS = 1_500_000  # about 50,000 tensors; each step takes microseconds, and up to 200 bytes
MOST_BYTES = 32 << 20  # text of 4 bytes a character takes four times as much
_WINDOW = 1 << 16


@dataclass(frozen=True, slots=True)
class Global:
    """Name that a pickle refers to, such as ``torch.FloatStorage``. Only a name: nothing is imported for it."""

    module: str
    name: str

    def __str__(self) -> str:
        module = {"posix": "os", "nt": "os"}.get(self.module, self.module)  # os.system is pickled as posix.system
        return shown(f"{module}.{self.name}"[:200])


@dataclass(frozen=True, slots=True)
class Rules:
    """Policy for what a pickle may do beyond building plain values: the only calls the machine makes.

    ``allows`` says whether a name may be referred to, ``call`` returns the value of a name called with arguments, and
    ``persistent`` that of a persistent identifier. They raise `TorsoError`, or ValueError for arguments that cannot be.
    """

    allows: Callable[[Global], bool]
    call: Callable[[Global, tuple[object, ...]], object]
    persistent: Callable[[object], object]


class PickleReader:
    """Reader of consecutive pickles in a section of a file; ``position`` is where the next one begins."""

    def __init__(self, file: ByteFile, position: int, end: int, rules: Rules) -> None:
        self.position = position
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self._file, self._end, self._rules = file, end, rules
        self._steps_left, self._last = MOST_STEPS, position + MOST_BYTES
        self._window, self._window_start = b"", position

    def load(self) -> object:
        """Return the value of the next pickle.

        Raises:
            UnsafeFileError: E_PICKLE_UNSAFE, at the first name that is not on the list. Nothing was run.
            FileFormatError: E_PICKLE; E_TRUNCATED.
            LimitError: E_LIMIT: too many steps or bytes.
        """
        self.stack, self.marks, self.memo = [], [], {}
        opcode = b""
        try:
            while (opcode := self.take(1)) != b".":
                self._steps_left -= 1
                if self._steps_left < 0:
                    raise self._too_long()
                ACTIONS[opcode](self)
            return self.stack.pop()
        except TorsoError:
            raise
        except (LookupError, ValueError, TypeError, OverflowError, struct.error):
            raise self._malformed(opcode) from None

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        begin = self.position - self._window_start
        self.position += count
        if begin + count > len(self._window):
            if self.position > self._end:
                raise truncated(self._file.path, self._end, self.position)
            if self.position > self._last:
                raise self._too_long()
            self._window_start = self.position - count
            self._window = self._file.read(self._window_start, min(max(count, _WINDOW), self._end - self._window_start))
            begin = 0
        return self._window[begin : begin + count]

    def number(self, count: int) -> int:
        """Return the next ``count`` bytes as an unsigned integer."""
        return int.from_bytes(self.take(count), "little")

    def line(self) -> str:
        """Return the next line of text, of at most 1,000 bytes, without its newline."""
        text = bytearray()
        while (byte := self.take(1)) != b"\n":
            text += byte
            if len(text) > 1000:
                raise ValueError
        return text.decode()

    def above_mark(self) -> list[object]:
        """Pop and return everything pushed since the last mark."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def refer(self, module: object, name: object) -> None:
        """Push the global ``module.name``, if it is allowed.

        Raises:
            UnsafeFileError: E_PICKLE_UNSAFE.
        """
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError
        found = Global(module, name)
        if not self._rules.allows(found):
            raise self.unsafe(found)
        self.stack.append(found)

    def call(self, arguments: object, function: object) -> None:
        """Push the value that the rules return for a call."""
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise TypeError
        self.stack.append(self._rules.call(function, cast("tuple[object, ...]", arguments)))

    def persistent(self, identifier: object) -> None:
        """Push the value that the rules return for a persistent identifier."""
        self.stack.append(self._rules.persistent(identifier))

    def unsafe(self, found: object) -> UnsafeFileError:
        """Build the error for a pickle that asks for more than tensors in plain containers."""
        return UnsafeFileError(
            "E_PICKLE_UNSAFE",
            "{path} refers to {found}, so it is not a plain state dict; loading it could run code. Nothing was run.",
            cure="Ask its author for safetensors, or for torch.save(model.state_dict(), ...).",
            values=dict(path=shown(self._file.path), found=str(found)),
        )

    def _malformed(self, opcode: bytes) -> FileFormatError:
        return FileFormatError(
            "E_PICKLE",
            "{path} holds a malformed pickle: step {opcode} before byte {position} cannot be followed.",
            cure="Download it again: torso repair {folder}",
            values=dict(
                path=shown(self._file.path),
                opcode=f"0x{opcode.hex()}",
                position=f"{self.position:,}",
                folder=shown(self._file.path.parent),
            ),
        )

    def _too_long(self) -> LimitError:
        return LimitError(
            "E_LIMIT",
            "{path} holds a pickle of more than {steps} steps or {bytes} bytes, the most that torso follows.",
            cure="Ask its author for safetensors.",
            values=dict(path=shown(self._file.path), steps=f"{MOST_STEPS:,}", bytes=f"{MOST_BYTES:,}"),
        )
