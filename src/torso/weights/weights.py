"""Weights of a model folder, whatever files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from torso.errors import FileFormatError, LimitError, NotFoundError, TorsoError, WeightsError
from torso.io.embedded_files import holds_files
from torso.io.paths import shown
from torso.weights.folded_table import FoldedTable, unfolded
from torso.weights.folder import INDEX_ENDING, find_candidates, no_weights
from torso.weights.index import ShardIndex, read_index
from torso.weights.number_bits import NumberBits
from torso.weights.quantised import dequantised
from torso.weights.safetensors import SafetensorsFile
from torso.weights.task_adapters import with_adapter
from torso.weights.tensor_entry import MOST_TENSORS, Note, TensorEntry

if TYPE_CHECKING:
    from torso.weights.gguf_weights import GgufWeights, Groups
    from torso.weights.quantised import QuantisedWeights
    from torso.weights.task_adapters import AdaptedWeights
    from torso.weights.torch_file import TorchFile

    WeightFile = SafetensorsFile | TorchFile | GgufWeights
    View = QuantisedWeights | FoldedTable | AdaptedWeights
    Opened = tuple[list[WeightFile], dict[str, WeightFile], list[Note]]

# What makes a file one that never came: another form of the same weights, if it is whole, may take its place.
_NEVER_CAME = ("E_EMPTY", "E_LFS_POINTER", "E_NOT_WEIGHTS", "E_WEB_PAGE", "E_SHARD_MISSING")


class Weights:
    """Tensors of one checkpoint: names, dtypes and shapes are known, data is read on demand.

    Attributes:
        folder: the checkpoint's folder.
        format: ``"safetensors"``, ``"pytorch"`` or ``"gguf"``.
        files: the files that hold the tensors.
        entries: type and shape of every tensor by name.
        metadata: the strings in the header of the first file.
        tied: for a name that shows the very numbers of another, that other name.
        notes: facts worth knowing that are no errors; those on values come when a tensor is read.
        quantised: formats of matrices that are stored in few bits, and given as float32.
        adapter: the task whose adapter is added to the matrices, see `torso.weights.task_adapters`; None for none.
    """

    def __init__(
        self,
        folder: Path,
        files: list[WeightFile],
        owners: Mapping[str, WeightFile | View],
        notes: list[Note],
    ) -> None:
        self.folder = folder
        self.format: Literal["safetensors", "pytorch", "gguf"] = files[0].format
        self.files: tuple[Path, ...] = tuple(file.path for file in files)
        self.entries: Mapping[str, TensorEntry] = {name: file.entries[name] for name, file in owners.items()}
        self.metadata: Mapping[str, str] = files[0].metadata
        self.tied: Mapping[str, str] = {
            name: first for file in files for name, first in file.tied.items() if name in owners and first in owners
        }
        self.quantised: tuple[str, ...] = ()
        self.adapter: str | None = None
        self._files, self._owners, self._notes = files, owners, notes

    def through(self, view: View, *notes: Note, adapter: str | None = None) -> Weights:
        """Return the same files with the tensors that are made of theirs."""
        seen = Weights(self.folder, self._files, dict.fromkeys(view.entries, view), [*self._notes, *notes])
        seen.quantised, seen.adapter = self.quantised + view.forms, adapter
        return seen

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on the files; those on values are added when a tensor is read."""
        return (*self._notes, *(note for file in self._files for note in file.notes))

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor straight into the memory of ``out``, which may be a part of a larger tensor.

        Floating-point numbers are converted to the type of ``out`` in small chunks; every value is looked at once.

        Args:
            name: one of `entries`.
            out: of the same shape; any floating-point type for one stored, else the very type stored; of a tensor on
                the CPU `torso.weights.tensor_bits.bits_of`.
            allow_nonfinite: takes NaN and infinities as they are.

        Raises:
            FileFormatError: E_TRUNCATED, where the file was truncated after it was opened; E_ZIP, for a wrong checksum.
            WeightsError: E_MISSING, E_SHAPE, E_DTYPE, E_NONFINITE (naming the element), E_OVERFLOW.
        """
        self._owner(name).read_into(name, out, allow_nonfinite=allow_nonfinite)

    def read(self, name: str, dtype: str | None = None, *, allow_nonfinite: bool = False) -> NumberBits:
        """Read a tensor into new memory, with the shape in the file. Loads no torch.

        Args:
            name: one of `entries`.
            dtype: in which to give it, such as ``F32``; None for the dtype in the file.
            allow_nonfinite: takes NaN and infinities as they are.

        Raises:
            TorsoError: as `read_into`.
        """
        self._owner(name)
        entry = self.entries[name]
        out = NumberBits.empty(entry.shape, dtype or entry.dtype)
        self.read_into(name, out, allow_nonfinite=allow_nonfinite)
        return out

    def grouped(self, name: str) -> Groups | None:
        """Return a matrix of a GGUF file as it is stored; None for one that is not in groups of 32 numbers."""
        from torso.weights.gguf_weights import GgufWeights

        owner = self._owner(name)
        return owner.grouped(name) if isinstance(owner, GgufWeights) else None

    def _owner(self, name: str) -> WeightFile | View:
        if name not in self._owners:
            raise WeightsError(
                "E_MISSING",
                "There is no tensor {name} in {path}.",
                cure="Choose one of the names in Weights.entries.",
                values=dict(name=shown(name), path=shown(self.files[0])),
            )
        return self._owners[name]


def open_weights(folder: Path, adapter: str | None = None) -> Weights:
    """Open the weights in a folder: ``model.safetensors``, its index, ``pytorch_model.bin``, its index, in this order.

    A GGUF file is a folder too, with its own tensors under the Hub's names. Matrices that are quantised are given as
    the float32 matrices that they stand for, and a folded table with a row for each token; of a file with adapters for
    several tasks that of ``adapter`` is added, or none.

    A file that never came (a Git LFS pointer, a web page, nothing) is passed over, with a note, where another of the
    four is whole. Everything but the numbers is read and checked. torch is not imported.

    Raises:
        NotFoundError: E_MISSING_FOLDER; E_MISSING_WEIGHTS, with what is there; E_SHARD_MISSING, with all missing.
        AccessError: E_ACCESS.
        UnsafeFileError: E_UNSAFE_PATH; E_PICKLE_UNSAFE.
        FileFormatError: E_PARTIAL_DOWNLOAD, with the leftovers; E_INDEX; as `SafetensorsFile` and `TorchFile`.
        LimitError: E_LIMIT.
        UnsupportedError: E_DTYPE, E_UNSUPPORTED, E_QUANTISED.
        WeightsError: E_SHAPE, for parts of a quantised matrix, or of an adapter, that do not fit each other.
        InputError: E_ADAPTER, for an adapter that is not there.
    """
    if holds_files(folder):
        return with_adapter(_open_gguf(folder), adapter)
    passed_over: TorsoError | None = None
    for path in find_candidates(folder):
        try:
            files, owners, notes = _open_shards(path) if path.name.endswith(INDEX_ENDING) else _open_one(path)
        except (FileFormatError, NotFoundError) as error:
            if error.code not in _NEVER_CAME:
                raise
            passed_over = passed_over or error
            continue
        if passed_over:
            notes.append(
                Note(
                    "N_PASSED_OVER",
                    "The weights come from {path}; another form of them is incomplete ({code}).",
                    dict(path=shown(path), code=passed_over.code),
                )
            )
        return with_adapter(unfolded(dequantised(Weights(folder, files, owners, notes))), adapter)
    raise passed_over or no_weights(folder)


def open_file(path: Path) -> Weights:
    """Open one file of PyTorch's or of safetensors by itself, whatever its name; as `open_weights`."""
    from torso.weights.torch_file import TorchFile

    file = SafetensorsFile(path) if path.suffix == ".safetensors" else TorchFile(path)
    return Weights(path.parent, [file], dict.fromkeys(file.entries, file), file.notes)


def _open_gguf(path: Path) -> Weights:
    from torso.weights.gguf_files import open_gguf
    from torso.weights.gguf_weights import GgufWeights

    file = GgufWeights(open_gguf(path).metadata)
    return Weights(path, [file], dict.fromkeys(file.entries, file), [])


def _open_one(path: Path) -> Opened:
    file = _open_file(path, path.name)
    return [file], dict.fromkeys(file.entries, file), []


def _open_file(path: Path, name: str) -> WeightFile:
    if not name.startswith("pytorch_model"):
        return SafetensorsFile(path)
    from torso.weights.torch_file import TorchFile

    return TorchFile(path)


def _open_shards(path: Path) -> Opened:
    index = read_index(path)
    if len(index.weight_map) > MOST_TENSORS:
        raise LimitError(
            "E_LIMIT",
            "{path} holds more than {limit} tensors, the most that torso reads.",
            cure="Check that this is the file you mean.",
            values=dict(path=shown(path), limit=f"{MOST_TENSORS:,}"),
        )
    files = {name: _open_file(shard, path.name) for name, shard in index.shards.items()}
    holders: dict[str, str] = {}
    for shard, file in files.items():
        for name in file.entries:
            if holders.setdefault(name, shard) != shard:
                raise _contradiction(path, name, f"{holders[name]}, {shard}")
    for name, shard in index.weight_map.items():
        if holders.get(name) != shard:
            raise _contradiction(path, name, holders.get(name, "-"))
    owners = {name: files[shard] for name, shard in index.weight_map.items()}
    return list(files.values()), owners, _index_notes(index, holders, owners)


def _contradiction(path: Path, name: str, found: str) -> FileFormatError:
    return FileFormatError(
        "E_INDEX",
        "{path} does not fit its files: {name} is in {found}.",
        cure="Download them again: torso repair {folder}",
        values=dict(path=shown(path), name=shown(name), found=shown(found), folder=shown(path.parent)),
    )


def _index_notes(index: ShardIndex, holders: dict[str, str], owners: dict[str, WeightFile]) -> list[Note]:
    notes: list[Note] = []
    extra = [shown(name) for name in holders if name not in owners]
    if extra:
        notes.append(
            Note(
                "N_NOT_IN_INDEX",
                "{count} tensors in the files of {path} are not listed there, first {name}.",
                dict(count=len(extra), path=shown(index.path), name=extra[0]),
            )
        )
    size = sum(file.entries[name].size for name, file in owners.items())
    if index.total_size not in (None, size):
        notes.append(
            Note(
                "N_TOTAL_SIZE",
                "{path} announces {claimed} bytes of weights; there are {size}.",
                dict(path=shown(index.path), claimed=f"{index.total_size:,}", size=f"{size:,}"),
            )
        )
    return notes
