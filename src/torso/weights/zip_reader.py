"""Strict reader of zip archives as PyTorch writes them: directory and entries, stored without compression.

Source: PKWARE's APPNOTE.TXT, 4.3 and 4.5.3. Refused: compression (so that no archive is larger than its file),
encryption, several disks, two entries of one name, entries that overlap or leave the file, contradicting tables.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from torso.errors import FileFormatError, LimitError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile, truncated
from torso.weights.tensor_entry import MOST_TENSORS

_END = struct.Struct("<4s4H2LH")
_END_64_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LARGEST_DIRECTORY = 100_000_000
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class ZipEntry(NamedTuple):
    """One stored file: the offset of its bytes, their count, and their CRC-32."""

    offset: int
    size: int
    crc: int


def read_directory(file: ByteFile) -> dict[str, ZipEntry]:
    """Return every entry of a zip archive by name.

    Raises:
        FileFormatError: E_ZIP; E_TRUNCATED where the end of the archive is missing.
        LimitError: E_LIMIT: more entries than a model can have tensors.
    """
    count, size, offset = _find_directory(file)
    if count > MOST_TENSORS + 100 or size > _LARGEST_DIRECTORY:
        raise LimitError(
            "E_LIMIT",
            "{path} lists {count} entries in {size} bytes; torso reads at most {limit} tensors.",
            cure="Check that this is the file you mean.",
            values=dict(path=shown(file.path), count=f"{count:,}", size=f"{size:,}", limit=f"{MOST_TENSORS:,}"),
        )
    directory = file.read(offset, size)
    entries: dict[str, ZipEntry] = {}
    position = 0
    for _ in range(count):
        position = _read_entry(file, directory, position, offset, entries)
    if position != size:
        raise malformed(file, "the directory is longer than its entries")
    _require_apart(file, entries, offset)
    return entries


def _find_directory(file: ByteFile) -> tuple[int, int, int]:
    """Return entry count, size and offset of the central directory, which must end where the end records begin."""
    if file.size < _END.size:
        raise truncated(file.path, file.size, _END.size)
    at = file.size - _END.size
    signature, disk, first_disk, here, count, size, offset, comment = _END.unpack(file.read(at, _END.size))
    if signature != b"PK\x05\x06":
        raise FileFormatError(
            "E_TRUNCATED",
            "{path} is truncated or damaged: its {have} bytes do not end with the directory of a zip archive.",
            cure="Download it again: torso repair {folder}",
            values=dict(path=shown(file.path), have=f"{file.size:,}", folder=shown(file.path.parent)),
        )
    claims = ((count, _FULL_16), (size, _FULL_32), (offset, _FULL_32))
    if at >= _END_64_LOCATOR.size + _END_64.size:
        locator = _END_64_LOCATOR.unpack(file.read(at - _END_64_LOCATOR.size, _END_64_LOCATOR.size))
        if locator[0] == b"PK\x06\x07":
            at = at - _END_64_LOCATOR.size - _END_64.size
            large = _END_64.unpack(file.read(at, _END_64.size))
            if large[0] != b"PK\x06\x06" or locator[2] != at or large[1] != _END_64.size - 12 or locator[1]:
                raise malformed(file, "its zip64 record is not where it is said to be")
            disk, first_disk, here, count, size, offset = large[4:]
            found = (count, size, offset)
            if any(claim not in (full, real) for (claim, full), real in zip(claims, found, strict=True)):
                raise malformed(file, "its two end records contradict each other")
    if disk or first_disk or here not in (count, _FULL_16) or comment or offset + size != at:
        raise malformed(file, "its end record does not fit the file")
    return count, size, offset


def _read_entry(file: ByteFile, directory: bytes, position: int, end: int, entries: dict[str, ZipEntry]) -> int:
    """Add one entry of the directory to ``entries``, and return the offset of the next."""
    if position + _ENTRY.size > len(directory):
        raise malformed(file, "its directory ends inside an entry")
    fields = _ENTRY.unpack_from(directory, position)
    signature, _, _, flags, method, _, _, crc, packed, size, *lengths, disk, _, _, offset = fields
    position += _ENTRY.size
    name_end, extra_end = position + lengths[0], position + lengths[0] + lengths[1]
    raw_name, extra = directory[position:name_end], directory[name_end:extra_end]
    if signature != b"PK\x01\x02" or extra_end + lengths[2] > len(directory):
        raise malformed(file, "its directory holds something that is no entry")
    size, packed, offset = _widen(file, extra, size, packed, offset)
    try:
        name = raw_name.decode()
    except UnicodeDecodeError:
        raise malformed(file, "an entry's name is not UTF-8") from None
    shape = (flags & 0x2041, method, packed == size, disk)
    if shape != (0, 0, True, 0):
        raise malformed(file, "an entry is compressed, encrypted or on another disk")
    if name in entries:
        raise malformed(file, "two entries have one name")
    entries[name] = ZipEntry(_local_data(file, offset, raw_name, end), size, crc)
    return extra_end + lengths[2]


def _widen(file: ByteFile, extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return size, packed size and offset, each from the zip64 extra field where the narrow field says so."""
    wanted = [value == _FULL_32 for value in (size, packed, offset)]
    if not any(wanted):
        return size, packed, offset
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1 and length >= 8 * sum(wanted) and position + 4 + length <= len(extra):
            wide = iter(struct.unpack_from(f"<{sum(wanted)}Q", extra, position + 4))
            narrow = (size, packed, offset)
            first, second, third = (next(wide) if want else value for want, value in zip(wanted, narrow, strict=True))
            return first, second, third
        position += 4 + length
    raise malformed(file, "an entry's zip64 sizes are missing")


def _local_data(file: ByteFile, offset: int, name: bytes, end: int) -> int:
    """Return the offset of an entry's bytes, after its local header, which must name the same file."""
    if offset + _LOCAL.size + len(name) > end:
        raise malformed(file, "an entry is outside the archive")
    local = file.read(offset, _LOCAL.size + len(name))
    fields = _LOCAL.unpack_from(local)
    if fields[0] != b"PK\x03\x04" or fields[3] != 0 or fields[2] & 1 or local[_LOCAL.size :] != name:
        raise malformed(file, "an entry and its place in the directory contradict each other")
    if fields[9] != len(name):
        raise malformed(file, "an entry and its place in the directory contradict each other")
    return offset + _LOCAL.size + fields[9] + fields[10]


def _require_apart(file: ByteFile, entries: dict[str, ZipEntry], end: int) -> None:
    limit = 0
    for entry in sorted(entries.values()):
        if entry.offset < limit:
            raise malformed(file, "two entries overlap")
        limit = entry.offset + entry.size
    if limit > end:
        raise malformed(file, "an entry is outside the archive")


def malformed(file: ByteFile, reason: str) -> FileFormatError:
    """Build the error for an archive that PyTorch did not write."""
    return FileFormatError(
        "E_ZIP",
        "{path} is no zip archive that PyTorch would write: {reason}.",
        cure="Download it again: torso repair {folder}",
        values=dict(path=shown(file.path), reason=reason, folder=shown(file.path.parent)),
    )
