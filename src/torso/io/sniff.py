"""File type detection from the first bytes, before any parser runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 1024  # bytes that are enough to recognise every kind below, and to hold a whole Git LFS pointer

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs.github.com/spec/", "lfs-pointer"),
    (b"version https://hawser.github.com/spec/", "lfs-pointer"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
)
_CONTROLS = bytes([*range(9), *range(14, 32)])
_HTML = (b"<!doctype html", b"<html", b"<head", b"<?xml")
_POINTER = re.compile(
    rb"version https://[^\s]+/spec/v1\r?\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\r?\nsize ([0-9]{1,19})\r?\n?"
)


@dataclass(frozen=True, slots=True)
class LfsPointer:
    """Git LFS pointer: the SHA-256 (hexadecimal) and the size in bytes of the real file."""

    oid: str
    size: int


def lfs_pointer(data: bytes) -> LfsPointer | None:
    """Parse ``data``, a whole file, as a Git LFS pointer; None if it is anything else.

    Source: the specification of Git LFS pointer files, version 1.
    """
    match = _POINTER.fullmatch(data) if len(data) <= HEAD else None
    return LfsPointer(match[1].decode(), int(match[2])) if match else None


def sniff(head: bytes) -> str:
    """Return the kind of a file by its first bytes; `HEAD` of them are enough.

    One of ``empty``, ``lfs-pointer``, ``html``, ``safetensors``, ``zip``, ``pickle``, ``gzip``, ``zstd``, ``xz``,
    ``7z``, ``tar``, ``hdf5``, ``json``, ``text``, ``binary``.
    """
    if not head:
        return "empty"
    # Before the magic numbers: a header of 640 bytes begins with 80 02, as a pickle of protocol 2 does.
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= 100_000_000:
        return "safetensors"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[0] == 0x80 and 2 <= int.from_bytes(head[1:2], "little") <= 5:
        return "pickle"
    return "tar" if head[257:262] == b"ustar" else _kind_of_text(head)


def _kind_of_text(head: bytes) -> str:
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    if begin.startswith(_HTML):
        return "html"
    if len(head.translate(None, _CONTROLS)) < len(head):
        return "binary"
    try:
        # A head cut inside a character is still text: at most three bytes of it are then left over.
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return "binary"
    return "json" if begin[:1] in (b"{", b"[") else "text"
