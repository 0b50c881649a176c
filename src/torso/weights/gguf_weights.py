"""Tensors of a GGUF file under the Hub's names, dequantised to float32 as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal

from torso.errors import UnsupportedError
from torso.io.paths import shown
from torso.weights.gguf_blocks import BLOCKS, GROUPED
from torso.weights.gguf_metadata import GgufMetadata
from torso.weights.gguf_names import NO_WEIGHTS, TensorOrder
from torso.weights.number_bits import NumberBits, narrowed
from torso.weights.read_tensor import require_fit
from torso.weights.tensor_entry import Note, TensorEntry, constant_note, note_once
from torso.weights.value_check import ValueCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PLAIN = ("F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class _Stored:
    name: str
    order: TensorOrder
    heads: int = 1
    piece: int = 0
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows of a matrix as blocks of a GGUF file.

    Attributes:
        kind: of the blocks, see `torso.weights.gguf_blocks.BLOCKS`.
        rows: [outputs, blocks, bytes of a block].
    """

    kind: str
    rows: NDArray[np.uint8]


class GgufWeights:
    """Weights of a GGUF file, as of a folder's file: names and shapes are known, numbers are read on demand.

    Args:
        said: the file and its metadata.

    Attributes:
        path: the file.
        entries: type and shape of every tensor by the Hub's name; of a quantised one, the type it becomes.
        metadata: empty.
        tied: empty.
        notes: facts that are no errors; those on values come when a tensor is read.

    Raises:
        UnsupportedError: E_UNSUPPORTED, for an architecture that torso does not have, or a tensor that it lacks.
        FileFormatError: E_HEADER, for queries or keys that their heads do not share, or matrices of another number of
            experts than the file says.
    """

    format: Literal["gguf"] = "gguf"

    def __init__(self, said: GgufMetadata) -> None:
        self.path = said.file.path
        self.metadata: Mapping[str, str] = {}
        self.tied: Mapping[str, str] = {}
        self.notes: list[Note] = []
        self._file = said.file
        self.entries: dict[str, TensorEntry] = {}
        self._stored: dict[str, _Stored] = {}
        naming = said.naming()
        for name, tensor in said.file.tensors.items():
            if name in NO_WEIGHTS:
                continue
            each = naming.experts_of(name)
            found = naming.read(name) if each is None else (each.format(e=0), "straight")
            if found is None or found[0] in self.entries:
                raise UnsupportedError(
                    "E_UNSUPPORTED",
                    "{path} holds the tensor {name}, which a model of the kind {kind} does not have in torso.",
                    cure="Use the model's safetensors, from the repository that the GGUF file was made of.",
                    values=dict(path=shown(self.path), name=shown(name[:80]), kind=said.architecture),
                )
            kind = tensor.kind if tensor.kind in _PLAIN else "F32"
            if each is not None:
                if len(tensor.shape) != 3 or tensor.shape[0] != said.experts:
                    raise said.unusable(f"{name[:80]} {list(tensor.shape)}")
                for index in range(said.experts):
                    own = each.format(e=index)
                    self._stored[own] = _Stored(name, "straight", piece=index, pieces=said.experts)
                    self.entries[own] = TensorEntry(kind, tensor.shape[1:])
                continue
            ours, order = found
            shape = tensor.shape[::-1] if order == "transposed" else tensor.shape
            if order == "row" and len(shape) == 1:
                shape = (1, *shape)
            self._stored[ours] = _Stored(name, order, _heads(said, name, shape) if order == "halves" else 1)
            self.entries[ours] = TensorEntry(kind, shape)

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor into ``out``; see `torso.weights.weights.Weights.read_into`."""
        entry, stored = self.entries[name], self._stored[name]
        require_fit(out, self.path, entry, name)
        check = ValueCheck(self.path, TensorEntry("F32", entry.shape), name, allow_nonfinite)
        if stored.order in ("straight", "row") and out.data.flags.c_contiguous:
            flat = out.data.reshape(-1)
            for start, values in self._file.parts(stored.name, stored.piece, stored.pieces):
                _place(check, values, flat[start : start + values.size], out.dtype, start)
        elif prod(entry.shape):
            values = _arranged(self._file.read(stored.name, stored.piece, stored.pieces), stored)
            straight = NumberBits.empty((values.size,), out.dtype)
            _place(check, values.reshape(-1), straight.data, out.dtype, 0)
            out.data[...] = straight.data.reshape(entry.shape)
        if check.constant:
            note_once(self.notes, constant_note(name, self.path))

    def grouped(self, name: str) -> Groups | None:
        """Return a matrix as it is stored, in groups of 32 numbers; None for one that is not, or not in this order.

        Raises:
            FileFormatError: E_TRUNCATED, where the file was truncated after it was opened.
        """
        stored, shape = self._stored[name], self.entries[name].shape
        kind = self._file.tensors[stored.name].kind
        if kind not in GROUPED or stored.order not in ("straight", "halves") or len(shape) != 2:
            return None
        width, size = BLOCKS[kind]
        count = prod(shape) // width
        rows = self._file.blocks(stored.name, stored.piece * count, count).reshape(shape[0], -1, size)
        if stored.order == "halves":  # an order of whole rows
            rows = rows.reshape(stored.heads, -1, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)
        return Groups(kind, rows)


def _heads(said: GgufMetadata, name: str, shape: tuple[int, ...]) -> int:
    heads = said.whole(".attention.head_count")
    count = heads if ".attn_q." in name else said.whole(".attention.head_count_kv", heads)
    if not shape or shape[0] % (2 * count):
        raise said.unusable(f"{name[:80]} {list(shape)}")
    return count


def _place(check: ValueCheck, values: NDArray[np.float32], target: NDArray[np.generic], dtype: str, start: int) -> None:
    wide = check.stored(values, start)
    target[...] = narrowed(wide, dtype)
    check.converted(target, dtype, wide, start)


def _arranged(values: NDArray[np.float32], stored: _Stored) -> NDArray[np.float32]:
    """Return numbers in the Hub's order."""
    if stored.order == "transposed":
        return values.T
    if stored.order == "less one":
        return values - 1
    if stored.order == "halves":
        apart = values.reshape(stored.heads, -1, 2, *values.shape[1:]).swapaxes(1, 2)
        return apart.reshape(values.shape)
    return values
