"""Reader of ``pytorch_model.bin`` without torch.load: zip files and the format before PyTorch 1.6. No code can run.

Source: ``torch/serialization.py``. The pickle is walked by a machine that only builds what is on a closed list; then
the numbers are read straight from the file.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from torso.errors import FileFormatError, UnsafeFileError, UnsupportedError
from torso.io.paths import shown
from torso.weights.bytefile import ByteFile
from torso.weights.file_kind import require_kind
from torso.weights.number_bits import NumberBits
from torso.weights.pickle_reader import PickleReader, Rules
from torso.weights.read_tensor import read_contiguous, read_strided
from torso.weights.statedict import state_dict
from torso.weights.storages import StateDictRules, Storage, StoredTensor
from torso.weights.tensor_entry import Note, TensorEntry, constant_note, item_size, note_once
from torso.weights.torch_legacy import read_legacy
from torso.weights.zip_reader import ZipEntry, malformed, read_directory

_CHUNK = 4 << 20
_TEXT_MAGIC = b"L119547037146038801333356L\n"  # the magic number of torch.save as protocols 0 and 1 write it


class TorchFile:
    """One torch.save file: names and shapes are known after opening, tensor data is read on demand."""

    format: Literal["pytorch"] = "pytorch"

    def __init__(self, path: Path) -> None:
        """Read and check everything in ``path`` except tensor data. Nothing in it is ever run.

        Raises:
            TorsoError: as `torso.io.files.open_regular`.
            FileFormatError: E_EMPTY, E_LFS_POINTER, E_NOT_WEIGHTS, E_WRONG_FORMAT, E_TRUNCATED, E_TRAILING, E_ZIP,
                E_PICKLE, E_STORAGE, E_NOT_STATE_DICT.
            UnsafeFileError: E_PICKLE_UNSAFE.
            LimitError: E_LIMIT.
            UnsupportedError: E_UNSUPPORTED: the tar form of before 2017, numbers of a big-endian machine.
        """
        self.path = path
        self._file = ByteFile(path)
        self._rules = StateDictRules(path)
        self._crcs: dict[str, int] = {}
        kind = require_kind(self._file, "zip", "pickle", "tar", "text")
        saved = self._open_zip() if kind == "zip" else self._open_plain(kind)
        self._tensors, notes = state_dict(saved, path)
        self.notes: list[Note] = notes
        self.metadata: Mapping[str, str] = {}
        self.entries: Mapping[str, TensorEntry] = {name: tensor.entry for name, tensor in self._tensors.items()}
        self.tied: Mapping[str, str] = _tied(self._tensors)

    def _reader(self, begin: int, end: int) -> PickleReader:
        rules = Rules(self._rules.allows, self._rules.call, self._rules.persistent)
        return PickleReader(self._file, begin, end, rules)

    def _open_plain(self, kind: str) -> object:
        if kind == "tar" or self._file.read(0, min(len(_TEXT_MAGIC), self._file.size)) == _TEXT_MAGIC:
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} is in the tar form of PyTorch before 2017, or in pickle protocol 0 or 1; torso reads neither.",
                cure="Ask its author for safetensors.",
                values=dict(path=shown(self.path)),
            )
        try:
            saved, self._offsets = read_legacy(self._file, self._reader(0, self._file.size), self._rules)
        except FileFormatError as error:
            if kind == "pickle" or error.code not in ("E_PICKLE", "E_TRUNCATED"):
                raise
            raise FileFormatError(
                "E_NOT_WEIGHTS",
                "{path} is no file of PyTorch's: it begins neither as a zip archive nor as a pickle.",
                cure="Download it again: torso repair {folder}",
                values=dict(path=shown(self.path), folder=shown(self.path.parent)),
            ) from None
        return saved

    def _open_zip(self) -> object:
        directory = read_directory(self._file)
        pickles = [name for name in directory if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise FileFormatError(
                "E_WRONG_FORMAT",
                "{path} is a zip archive, but not one of torch.save: it has no data.pkl.",
                cure="If a model was zipped, unpack it and name its folder.",
                values=dict(path=shown(self.path)),
            )
        root = pickles[0].removesuffix("data.pkl")
        if root + "constants.pkl" in directory:
            raise UnsafeFileError(
                "E_PICKLE_UNSAFE",
                "{path} is a TorchScript program, not a state dict. Nothing was run.",
                cure="Ask its author for safetensors.",
                values=dict(path=shown(self.path)),
            )
        self._require_little(directory.get(root + "byteorder"))
        entry = directory[pickles[0]]
        self._require_crc(pickles[0], entry.crc, self._crc(entry.offset, entry.size))
        reader = self._reader(entry.offset, entry.offset + entry.size)
        saved = reader.load()
        if reader.position != entry.offset + entry.size:
            raise malformed(self._file, "its pickle ends early")
        self._offsets = {key: self._locate(directory, root, storage) for key, storage in self._rules.storages.items()}
        return saved

    def _require_little(self, order: ZipEntry | None) -> None:
        if order and (order.size != 6 or self._file.read(order.offset, 6) != b"little"):
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} was saved by a big-endian machine; torso reads little-endian files.",
                cure="Ask its author for safetensors.",
                values=dict(path=shown(self.path)),
            )

    def _locate(self, directory: dict[str, ZipEntry], root: str, storage: Storage) -> int:
        entry = directory.get(f"{root}data/{storage.key}")
        if entry is None or entry.size != storage.size:
            raise self._rules.impossible(storage.key)
        self._crcs[storage.key] = entry.crc
        return entry.offset

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor into ``out``; see `torso.weights.weights.Weights.read_into`."""
        tensor = self._tensors[name]
        storage, entry = tensor.storage, tensor.entry
        begin = self._offsets[storage.key]
        offset = begin + tensor.offset * item_size(storage.dtype)
        expected, running = self._crcs.get(storage.key), _RunningCrc()
        if expected is not None and not (tensor.is_contiguous and entry.size == storage.size):
            self._require_crc(storage.key, expected, self._crc(begin, storage.size))
            expected = None
        if tensor.is_contiguous:
            observe = None if expected is None else running.add
            same = read_contiguous(
                out, self._file, offset, entry, name=name, allow_nonfinite=allow_nonfinite, observe=observe
            )
        else:
            layout = (tensor.strides, tensor.span)
            same = read_strided(out, self._file, offset, entry, layout, name=name, allow_nonfinite=allow_nonfinite)
        if expected is not None:
            self._require_crc(storage.key, expected, running.value)
        self._crcs.pop(storage.key, None)  # a storage that several tensors share is verified once
        if same:
            note_once(self.notes, constant_note(name, self.path))

    def _crc(self, begin: int, size: int) -> int:
        running = _RunningCrc()
        for start in range(0, size, _CHUNK):
            running.add(self._file.read(begin + start, min(_CHUNK, size - start)))
        return running.value

    def _require_crc(self, name: str, expected: int, found: int) -> None:
        if found != expected:
            raise FileFormatError(
                "E_ZIP",
                "{path} is damaged: the checksum of {name} in it is wrong.",
                cure="Download it again: torso repair {folder}",
                values=dict(path=shown(self.path), name=shown(name[:100]), folder=shown(self.path.parent)),
            )


class _RunningCrc:
    """CRC-32 of the bytes added so far."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, data: memoryview | bytes) -> None:
        self.value = zlib.crc32(data, self.value)


def _tied(tensors: Mapping[str, StoredTensor]) -> dict[str, str]:
    """Return, for each name that shares its exact view with an earlier name, that earlier name."""
    first: dict[str, str] = {}
    # Looked up by text, whose hash is salted: a file can choose numbers whose hashes collide.
    return {name: first[key] for name, tensor in tensors.items() if first.setdefault(key := str(tensor), name) != name}
