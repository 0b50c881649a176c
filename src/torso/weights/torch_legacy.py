"""Reader of the format before PyTorch 1.6, still written on request: pickles, then numbers, in one plain file.

Source: ``_legacy_save`` and ``_legacy_load`` in ``torch/serialization.py``: a magic number, a protocol number, facts
about the machine, the object, the keys of its storages, and for each key a count of 8 bytes and the numbers.
"""

from __future__ import annotations

from typing import cast

from torso.errors import FileFormatError, UnsupportedError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile, truncated
from torso.weights.pickle_reader import PickleReader
from torso.weights.storages import StateDictRules

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


def read_legacy(file: ByteFile, reader: PickleReader, rules: StateDictRules) -> tuple[object, dict[str, int]]:
    """Return the saved object, and the offset in the file of each storage by its key.

    Raises:
        TorsoError: as `PickleReader.load`.
        FileFormatError: E_WRONG_FORMAT: a pickle, and none that torch.save wrote; E_STORAGE; E_TRUNCATED; E_TRAILING.
        UnsupportedError: E_UNSUPPORTED: another protocol, or numbers of a big-endian machine.
    """
    if reader.load() != _MAGIC:
        raise FileFormatError(
            "E_WRONG_FORMAT",
            "{path} is a pickle that torch.save did not write.",
            cure="Ask its author for safetensors.",
            values=dict(path=shown(file.path)),
        )
    protocol, machine = reader.load(), reader.load()
    little = isinstance(machine, dict) and cast("dict[object, object]", machine).get("little_endian") is True
    if protocol != _PROTOCOL or not little:
        raise UnsupportedError(
            "E_UNSUPPORTED",
            "{path} was saved by a big-endian machine or in another protocol than {protocol}.",
            cure="Ask its author for safetensors.",
            values=dict(path=shown(file.path), protocol=_PROTOCOL),
        )
    saved, keys = reader.load(), reader.load()
    return saved, _locate(file, reader.position, keys, rules)


def _locate(file: ByteFile, position: int, keys: object, rules: StateDictRules) -> dict[str, int]:
    listed = [key for key in cast("list[object]", keys) if isinstance(key, str)] if isinstance(keys, list) else []
    if len(set(listed)) != len(listed) or set(listed) != rules.storages.keys():
        raise rules.impossible(str(next(iter(rules.storages.keys() ^ set(listed)), "")))
    need = position + sum(8 + rules.storages[key].size for key in listed)
    if file.size < need:
        raise truncated(file.path, file.size, need)
    if file.size > need:
        raise FileFormatError(
            "E_TRAILING",
            "{path} has {count} bytes after its last tensor, where the file ends.",
            cure="Get the file again from a source you trust.",
            values=dict(path=shown(file.path), count=f"{file.size - need:,}"),
        )
    offsets: dict[str, int] = {}
    for key in listed:
        storage = rules.storages[key]
        if int.from_bytes(file.read(position, 8), "little") != storage.count:
            raise rules.impossible(key)
        offsets[key] = position + 8
        position += 8 + storage.size
    return offsets
