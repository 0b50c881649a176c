"""Private cache of arrays that are mapped where they are wanted again: a model's weights, laid out for a processor.

An entry is a safetensors file of this user, named by the hash of its key. It is bound to its key, its header to a hash,
and its size to its header. The hash of its contents is written too and checked by `damaged`, not at each start, which
would cost what the map saves. Nothing here is ever an error: without the cache, starting takes longer.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torso.errors import ConfigError, TorsoError
from torso.io.private_cache import cache_folder, is_private
from torso.io.rooted import Root
from torso.weights import verified_safetensors
from torso.weights.number_bits import NumberBits
from torso.weights.safetensors_header import LONGEST_HEADER, Header, parse_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETTING = "TORSO_PACKED_CACHE"
"""The environment variable with the most GiB that are kept; 0 for none."""
_LINE = 64
_ENDING = ".packed"
_FORMAT = "torso-packed-cache 1"
_NUMPY = {"U8": "uint8", "F32": "float32", "BF16": "uint16"}
_NAMES = {numpy: name for name, numpy in _NUMPY.items()}
_WIDTHS = {"U8": 1, "F32": 4, "BF16": 2}
_FAULTS = (OSError, TorsoError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One file of the cache.

    Attributes:
        path: the file.
        size: its bytes.
        used: when it was last used, in seconds since 1970.
    """

    path: Path
    size: int
    used: float


def most_bytes() -> int:
    """Return how many bytes may be kept, 8 GiB unless `SETTING` says otherwise; 0 for no cache.

    Raises:
        ConfigError: ``E_SETTINGS``, where it is no number from 0 on.
    """
    text = os.environ.get(SETTING, "").strip() or "8"
    try:
        size = float(text)
    except ValueError:
        size = -1
    if not 0 <= size < float("inf"):
        raise ConfigError(
            "E_SETTINGS",
            "{name} is {value}; it is the most GiB of packed weights that are kept.",
            cure="Set it to a number such as 8, or to 0 for no cache.",
            values=dict(name=SETTING, value=repr(text)),
        )
    return int(size * 2**30)


def recall(key: str) -> Mapping[str, NDArray[Any]] | None:
    """Return the arrays that were kept under a key, mapped and read-only; None without an entry that can be trusted."""
    try:
        folder = cache_folder("packed")
        if not is_private(folder.stat()):
            return None
        path = folder / _name(key)
        descriptor = Root(folder).open(path, os.O_RDONLY, writes=False)
        try:
            header, whole = _mapped(descriptor, path)
            with suppress(OSError):
                os.utime(path)
        finally:
            os.close(descriptor)
        return _arrays(header, whole) if header.metadata.get("key") == key else None
    except _FAULTS:
        return None


def keep(key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep arrays under a key, if there is room; the entries that were not used for longest give way.

    Args:
        key: states everything that the arrays depend on.
        arrays: one-dimensional, of uint8, float32 or the bits of bfloat16, by name. What is read again is filled with
            zeros to whole cache lines.
    """
    try:
        folder, size = cache_folder("packed"), sum(each.nbytes for each in arrays.values())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(folder.stat()) or not _make_room(folder, size):
            return
        tensors = {name: _padded(each) for name, each in arrays.items()}
        metadata = {"format": _FORMAT, "key": key}
        shapes = {name: (each.dtype, each.data.size) for name, each in tensors.items()}
        path = folder / _name(key)
        verified_safetensors.write(path, tensors, metadata | {"header": _stated(shapes, key)}, align=_LINE)
        path.chmod(0o600)
    except _FAULTS:
        return


def entries() -> list[CacheEntry]:
    """Return what is kept, what was not used for longest first."""
    try:
        folder = cache_folder("packed")
        found = [path for path in folder.iterdir() if path.suffix == _ENDING]
    except (OSError, RuntimeError):
        return []
    made: list[CacheEntry] = []
    for path in found:
        with suppress(OSError):  # another process may have removed it
            status = path.lstat()
            made.append(CacheEntry(path, status.st_size, status.st_mtime))
    return sorted(made, key=lambda entry: entry.used)


def is_damaged(entry: CacheEntry) -> bool:
    """Return whether an entry is not as it was written; every byte is read."""
    return not _is_whole(entry.path)


def empty() -> int:
    """Remove all entries; return the bytes that they took."""
    freed = 0
    for entry in entries():
        with suppress(OSError):
            entry.path.unlink()
            freed += entry.size
    return freed


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest() + _ENDING


def _mapped(descriptor: int, path: Path) -> tuple[Header, mmap.mmap]:
    """Map an open entry.

    Raises:
        ValueError: for one that is another user's, or not as `keep` wrote it. FileFormatError is one.
    """
    status = os.fstat(descriptor)
    if not is_private(status):
        raise ValueError("another user may have written it")
    whole = mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_READ)
    size = int.from_bytes(whole[:8], "little")
    if size > min(LONGEST_HEADER, status.st_size - 8):
        raise ValueError("its header is longer than itself")
    header = parse_header(whole[8 : 8 + size], path)
    shapes = {name: (entry.dtype, entry.size // _width(entry.dtype)) for name, entry in header.entries.items()}
    stated = _stated(shapes, header.metadata.get("key", ""))
    start = 8 + size
    if header.metadata.get("format") != _FORMAT or header.metadata.get("header") != stated:
        raise ValueError("its header is not as it was written")
    if start % _LINE or start + header.data_size != status.st_size:
        raise ValueError("its size is not that of its header")
    return header, whole


def _width(dtype: str) -> int:
    if dtype not in _WIDTHS:
        raise ValueError(f"arrays of {dtype} are not kept")
    return _WIDTHS[dtype]


def _stated(shapes: Mapping[str, tuple[str, int]], key: str) -> str:
    return hashlib.sha256(json.dumps([key, sorted(shapes.items())]).encode()).hexdigest()


def _arrays(header: Header, whole: mmap.mmap) -> dict[str, NDArray[Any]]:
    import numpy as np

    start = len(whole) - header.data_size
    return {
        name: np.frombuffer(whole, _NUMPY[entry.dtype], entry.size // _width(entry.dtype), start + header.offsets[name])
        for name, entry in header.entries.items()
    }


def _padded(array: NDArray[Any]) -> NumberBits:
    import numpy as np

    odd = -array.nbytes % _LINE // array.itemsize
    data = np.concatenate([array, np.zeros(odd, array.dtype)]) if odd else array
    return NumberBits(data, _NAMES[data.dtype.name])


def _make_room(folder: Path, size: int) -> bool:
    """Remove entries until ``size`` more bytes may be kept; return whether they may."""
    most = most_bytes()
    if size > most or 2 * size > shutil.disk_usage(folder).free:
        return False
    found = entries()
    taken = sum(entry.size for entry in found)
    for entry in found:
        if taken + size <= most:
            break
        entry.path.unlink(missing_ok=True)
        taken -= entry.size
    return taken + size <= most


def _is_whole(path: Path) -> bool:
    try:
        descriptor = Root(path.parent).open(path, os.O_RDONLY, writes=False)
        try:
            header, whole = _mapped(descriptor, path)
        finally:
            os.close(descriptor)
        tensors = {name: NumberBits(each, _NAMES[each.dtype.name]) for name, each in _arrays(header, whole).items()}
        return verified_safetensors.is_as_written(tensors, header.metadata)
    except _FAULTS:
        return False
