"""Closed list of what a state dict's pickle may call, and the tensors and storages it describes.

Source: ``torch._utils`` and ``torch.serialization``: the constructors that ``torch.save`` writes for plain tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torso.errors import FileFormatError, UnsupportedError
from torso.io.paths import shown
from torso.weights.pickle_reader import Global
from torso.weights.tensor_entry import MOST_DIMENSIONS, MOST_TENSORS, TensorEntry, fits_memory, item_size

_STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
}
MOST_EXPANSION = 64 << 20
"""Bytes by which the tensors of a file may exceed the numbers that it holds."""

_ORDERED_DICT = Global("collections", "OrderedDict")
_SIZE = Global("torch", "Size")
_REBUILD_1 = Global("torch._utils", "_rebuild_tensor")
_REBUILD_2 = Global("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = Global("torch._utils", "_rebuild_parameter")
_DTYPES = frozenset(
    ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64"]
)


@dataclass(frozen=True, slots=True)
class Storage:
    """Run of ``count`` numbers in the file, known by its key."""

    key: str
    dtype: str
    count: int

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.count * item_size(self.dtype)


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """View of a storage: ``offset`` and ``strides`` in elements, checked to stay inside."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def entry(self) -> TensorEntry:
        """Dtype and shape."""
        return TensorEntry(self.storage.dtype, self.shape)

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements are contiguous in row-major order."""
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size > 1 and stride != expected:
                return False
            expected *= size
        return True

    @property
    def span(self) -> int:
        """Number of storage elements from its first to its last, inclusive."""
        if 0 in self.shape:
            return 0
        return 1 + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))


class StateDictRules:
    """Pickle rules for one file; ``storages`` collects the storages that the pickle refers to, by key."""

    def __init__(self, path: Path) -> None:
        self.storages: dict[str, Storage] = {}
        self._path = path
        self._pairs_left, self._expansion_left = MOST_TENSORS, MOST_EXPANSION
        self._calls: dict[Global, Callable[..., object]] = {
            _ORDERED_DICT: self._ordered_dict,
            _SIZE: self._size,
            _REBUILD_1: self._tensor,
            _REBUILD_2: self._tensor,
            _PARAMETER: self._parameter,
        }

    def allows(self, name: Global) -> bool:
        """Return whether a state dict may refer to a name."""
        return name in self._calls or (name.module == "torch" and (name.name in _STORAGES or name.name in _DTYPES))

    def call(self, name: Global, arguments: tuple[object, ...]) -> object:
        """Return the value of an allowed name called with arguments."""
        return self._calls[name](*arguments)

    def persistent(self, identifier: object) -> Storage:
        """Return the storage that a persistent identifier refers to.

        Raises:
            FileFormatError: E_STORAGE, where two of one key contradict each other.
            UnsupportedError: E_UNSUPPORTED: a view of a storage, as before PyTorch 0.4.
        """
        parts = cast("tuple[object, ...]", identifier)
        if not isinstance(identifier, tuple) or not 5 <= len(parts) <= 6:
            raise ValueError
        kind, name, key, _location, count, *view = parts
        if kind != "storage" or not isinstance(name, Global) or not isinstance(key, str) or type(count) is not int:
            raise ValueError
        if any(part is not None for part in view):
            raise UnsupportedError(
                "E_UNSUPPORTED",
                "{path} was written by a PyTorch of before 2018, in a form torso does not read.",
                cure="Ask its author for safetensors.",
                values=dict(path=shown(self._path)),
            )
        storage = Storage(key, _STORAGES[name.name], count)
        if not 0 <= count < 1 << 60 or self.storages.setdefault(key, storage) != storage:
            raise self.impossible(key)
        return storage

    def impossible(self, key: str) -> FileFormatError:
        """Build the error for a storage, or a view of one, that exceeds what the file holds."""
        return FileFormatError(
            "E_STORAGE",
            "A tensor in {path} reaches outside the numbers that the file holds for it (storage {key}).",
            cure="Get the file again from a source you trust.",
            values=dict(path=shown(self._path), key=repr(key[:50])),
        )

    def _ordered_dict(self, items: object = ()) -> dict[object, object]:
        table: dict[object, object] = {}
        pairs = cast("list[object]", items)
        self._pairs_left -= len(pairs)
        if self._pairs_left < 0:  # one long list, called upon again and again, would take for ever
            raise ValueError
        for item in pairs:
            key, value = cast("tuple[object, object]", item)
            if not isinstance(key, str):
                raise TypeError
            table[key] = value
        return table

    def _size(self, sizes: object) -> tuple[int, ...]:
        numbers = cast("tuple[object, ...]", sizes)
        if not isinstance(sizes, tuple) or len(numbers) > MOST_DIMENSIONS:
            raise TypeError
        if any(type(number) is not int for number in numbers):
            raise TypeError
        return cast("tuple[int, ...]", sizes)

    def _parameter(self, tensor: object, _requires_grad: object, _hooks: object) -> StoredTensor:
        if not isinstance(tensor, StoredTensor):
            raise TypeError
        return tensor

    def _tensor(
        self,
        storage: object,
        offset: object,
        shape: object,
        strides: object,
        _requires_grad: object = None,
        _hooks: object = None,
        _metadata: object = None,
    ) -> StoredTensor:
        if not isinstance(storage, Storage) or type(offset) is not int:
            raise TypeError
        tensor = StoredTensor(storage, offset, self._size(shape), self._size(strides))
        numbers = (offset, *tensor.shape, *tensor.strides)
        if len(tensor.shape) != len(tensor.strides):
            raise self.impossible(storage.key)
        if min(numbers) < 0 or max(numbers) >= 1 << 60 or not fits_memory(tensor.shape):
            raise self.impossible(storage.key)
        if offset + max(tensor.span, 0) > storage.count:
            raise self.impossible(storage.key)
        self._charge_expansion(tensor)
        return tensor

    def _charge_expansion(self, tensor: StoredTensor) -> None:
        """Bound the memory of tensors that repeat storage elements, as `torch.Tensor.expand` makes."""
        self._expansion_left -= max(0, tensor.entry.size - tensor.storage.size)
        if self._expansion_left < 0:
            raise FileFormatError(
                "E_STORAGE",
                "A tensor in {path} repeats the {count} numbers of storage {key} to the shape {shape}; tensors may "
                "take at most {most} bytes more than the file holds.",
                cure="Save contiguous copies: torch.save({{k: v.contiguous() for k, v in state.items()}}, ...).",
                values=dict(
                    path=shown(self._path),
                    count=f"{tensor.storage.count:,}",
                    key=repr(tensor.storage.key[:50]),
                    shape=list(tensor.shape),
                    most=f"{MOST_EXPANSION:,}",
                ),
            )
