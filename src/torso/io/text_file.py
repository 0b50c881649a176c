"""Bytes of a person's files as text: UTF-8, what a byte order mark says, or the encoding that is named."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, TextIO, cast

from torso.errors import FileFormatError, InputError, LimitError
from torso.io.file_forms import HEAD, refuse_contents

LINE_LIMIT = 64 << 20  # characters of one line: a file without line ends must not fill the memory
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def check_encoding(name: str | None) -> None:
    """Refuse an encoding that Python does not know.

    Args:
        name: of the encoding; None for that of the byte order mark, or UTF-8.

    Raises:
        InputError: E_ARGUMENT.
    """
    try:
        "a".encode(name or "utf-8")
    except (LookupError, ValueError):
        raise InputError(
            "E_ARGUMENT",
            "There is no encoding {name}.",
            cure="Use utf-8, gb18030, utf-16, big5, shift_jis or another one of Python's.",
            values=dict(name=repr(str(name)[:60])),
        ) from None


def as_text(source: BinaryIO, ends: str, name: str, encoding: str | None = None) -> TextIO:
    """Return a file as text.

    Args:
        source: the file.
        ends: what ends a line, as ``newline`` of `io.TextIOWrapper`; line ends are left as they are.
        name: what messages call it.
        encoding: of the file; None for that of its byte order mark, or UTF-8.

    Raises:
        FileFormatError: E_FORM for a file that is no text, such as a workbook.
    """
    peeked = cast("io.BufferedReader", source)
    if not hasattr(source, "peek"):
        peeked = io.BufferedReader(cast("io.RawIOBase", source))
    start = peeked.peek(HEAD)
    try:
        refuse_contents(start[:HEAD], name)
    except FileFormatError:
        peeked.close()
        raise
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "utf-8")
    chosen = encoding or marked
    if codecs.lookup(chosen).name == "utf-8":
        chosen = "utf-8-sig"
    return io.TextIOWrapper(peeked, encoding=chosen, newline=ends)


def whole_text(source: BinaryIO, name: str, encoding: str | None = None) -> str:
    """Return a file's text in one piece, line ends as they are; see `lines_of` for arguments and errors."""
    with as_text(source, "", name, encoding) as text:
        try:
            return text.read()
        except UnicodeDecodeError as error:
            raise undecoded(error, 0, name) from None


def lines_of(source: BinaryIO, name: str, encoding: str | None = None) -> Iterator[str]:
    """Return the lines of a file, without their ends.

    Args:
        source: the file; closed at the end.
        name: what messages call it.
        encoding: as for `as_text`.

    Raises:
        FileFormatError: E_TEXT for bytes that are not of the encoding; E_FORM as for `as_text`.
        LimitError: E_LIMIT for a line without end.
    """
    number = 0
    with as_text(source, "\n", name, encoding) as text:  # a carriage return may stand in a text
        try:
            while line := text.readline(LINE_LIMIT):
                number += 1
                if len(line) >= LINE_LIMIT and not line.endswith("\n"):
                    raise LimitError(
                        "E_LIMIT",
                        "Line {number} of {file} has more than {limit} characters.",
                        cure="One text per line: put line ends between the texts.",
                        values=dict(number=number, file=name, limit=LINE_LIMIT),
                    )
                yield line.rstrip("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise undecoded(error, number, name) from None


def undecoded(error: UnicodeDecodeError, lines: int, name: str) -> FileFormatError:
    """Return the error of bytes that are not of the encoding, with their own where it can be recognised.

    Args:
        error: what the decoder raised of a block; the lines before the block's have been read.
        lines: how many lines have been read.
        name: what messages call the file.
    """
    in_block = error.object.count(b"\n", 0, error.start)
    chinese = error.encoding.startswith("utf-8") and _is_gb18030(error.object)
    return FileFormatError(
        "E_TEXT",
        "Line {number} of {file} is not {encoding}: byte {byte}.",
        cure="It reads as the Chinese encoding of Windows and Excel: --encoding gb18030"
        if chinese
        else "Name its encoding, such as --encoding gb18030, or save it as UTF-8.",
        values=dict(
            number=lines + in_block + 1,
            file=name,
            encoding=error.encoding.upper(),
            byte=f"0x{error.object[error.start]:02x}",
        ),
    )


def _is_gb18030(block: bytes) -> bool:
    # A block may end within a character, and begins at one only at the start of the file: a few bytes are spared.
    for begin in range(2):
        try:
            text = codecs.getincrementaldecoder("gb18030")().decode(block[begin:])
        except UnicodeDecodeError:
            continue
        return any("\u4e00" <= mark <= "\u9fff" for mark in text)
    return False
