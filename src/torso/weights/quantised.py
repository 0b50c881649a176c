"""Quantised matrices of a checkpoint as the float32 matrices they stand for, recognised by the names of their parts.

What a format leaves to ``quantization_config`` of config.json is read there; all else, the number of bits too, follows
from shapes, so that a file and its config cannot contradict each other unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil, prod
from typing import TYPE_CHECKING, Any, cast

from torso.errors import TorsoError, UnsupportedError, WeightsError
from torso.io.files import is_there, read_json
from torso.io.paths import shown
from torso.io.strict_json import decode_json
from torso.weights import dequantise
from torso.weights.foreign_formats import quantised_otherwise
from torso.weights.number_bits import NumberBits
from torso.weights.read_tensor import write_computed
from torso.weights.tensor_entry import TensorEntry, fits_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from torso.weights.weights import Weights

Said = Mapping[str, Any]
_CONFIG_BYTES = 16 << 20
_STATES = tuple(f".weight.quant_state.bitsandbytes__{kind}" for kind in ("nf4", "fp4"))
_STATE_BYTES = 1 << 14
_EIGHTHS = ("F8_E4M3", "F8_E5M2", "F8_E8M0")


@dataclass(frozen=True, slots=True)
class _Matrix:
    """A matrix of a file: its format, its shape, and what makes its numbers."""

    form: str
    shape: tuple[int, ...]
    values: Callable[[], NDArray[Any]]
    parts: frozenset[str]


def dequantised(weights: Weights) -> Weights:
    """Return weights as they are, or, where some are quantised, with the matrices that these stand for.

    Raises:
        TorsoError: as `QuantisedWeights`, and for a config.json beside them that cannot be read.
    """
    if not any(
        name.endswith(tuple(_FORMS)) or (entry.dtype in _EIGHTHS and name.endswith(".weight"))
        for name, entry in weights.entries.items()
    ):
        return weights
    path = weights.folder / "config.json"
    config = _table(read_json(path, limit=_CONFIG_BYTES, code="E_CONFIG") if is_there(path) else None)
    said = config.get("quantization_config") or config.get("compression_config")
    return weights.through(QuantisedWeights(weights, _table(said)))


def _table(value: object) -> Said:
    return cast("Said", value) if isinstance(value, dict) else {}


class QuantisedWeights:
    """Weights in which every quantised matrix stands under its usual name, as float32.

    Args:
        weights: the open files.
        said: ``quantization_config`` of config.json; empty without one.

    Attributes:
        entries: type and shape of every tensor.
        forms: formats that were found.

    Raises:
        UnsupportedError: E_QUANTISED, for a variant of a format that torso does not read.
        WeightsError: E_SHAPE, for parts that do not fit each other.
    """

    def __init__(self, weights: Weights, said: Said) -> None:
        self._weights, self._said = weights, said
        self._matrices: dict[str, _Matrix] = {}
        for name in weights.entries:
            suffix = next((each for each in _FORMS if name.endswith(each)), None)
            if suffix is not None:
                self._add(name.removesuffix(suffix), _FORMS[suffix])
        for name, entry in weights.entries.items():
            if entry.dtype in _EIGHTHS and name.endswith(".weight"):
                self._add(name.removesuffix(".weight"), "_scaled")
        taken = {part for each in self._matrices.values() for part in each.parts}
        kept = {name: entry for name, entry in weights.entries.items() if name not in taken}
        self.entries: Mapping[str, TensorEntry] = {
            **kept,
            **{name: TensorEntry("F32", each.shape) for name, each in self._matrices.items()},
        }
        self.forms = tuple(sorted({each.form for each in self._matrices.values()}))

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read a tensor into ``out``; see `torso.weights.weights.Weights.read_into`.

        Raises:
            WeightsError: E_SHAPE, for parts that do not fit each other.
        """
        if name not in self._matrices:
            self._weights.read_into(name, out, allow_nonfinite=allow_nonfinite)
            return
        entry = self.entries[name]

        def values() -> NDArray[Any]:
            made = self._fitting(name, self._matrices[name].values)
            if made.shape != entry.shape:
                raise self._misfit(name, f"{list(made.shape)}, {list(entry.shape)}")
            return made

        write_computed(values, out, self._weights.files[0], entry, name, allow_nonfinite=allow_nonfinite)

    def _add(self, stem: str, method: str) -> None:
        name = stem if method == "_microscaled" else f"{stem}.weight"
        packed = method == "_scaled" and f"{stem}.weight_packed" in self._weights.entries
        if name not in self._matrices and not packed:
            self._matrices[name] = self._fitting(name, lambda: cast("_Matrix", getattr(self, method)(stem)))
            if not fits_memory(self._matrices[name].shape):
                raise self._misfit(name, str(list(self._matrices[name].shape)))

    def _fitting(self, name: str, made: Callable[[], Any]) -> Any:
        try:
            return made()
        except TorsoError:
            raise
        except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
            raise self._misfit(name, str(error)[:100]) from error

    def _misfit(self, name: str, found: str) -> WeightsError:
        return WeightsError(
            "E_SHAPE",
            "The quantised parts of {name} in {folder} do not fit each other: {found}.",
            cure="Get the files again, all of one download.",
            values=dict(name=shown(name[:100]), folder=shown(self._weights.folder), found=shown(found)),
        )

    def _unread(self, form: str, found: str) -> UnsupportedError:
        return quantised_otherwise(form, found, self._weights.folder)

    def _shape(self, name: str, axes: int, *kinds: str) -> tuple[int, ...]:
        entry = self._weights.entries[name]
        dequantise.require(len(entry.shape) == axes and entry.dtype in kinds, f"{name} {entry.dtype}")
        return entry.shape

    def _array(self, name: str) -> NDArray[Any]:
        entry = self._weights.entries[name]
        read = self._weights.read(name, "F32" if entry.is_float else None).data
        return dequantise.eighths(read, entry.dtype) if entry.dtype in _EIGHTHS else read

    def _matrix(
        self, form: str, stem: str, shape: tuple[int, ...], parts: tuple[str, ...], make: Callable[[Any], Any]
    ) -> _Matrix:
        there = {part: f"{stem}.{part}" for part in parts if f"{stem}.{part}" in self._weights.entries}
        dropped = {f"{stem}.{part}" for part in ("weight_format", "weight_shape", "input_scale", "input_zero_point")}

        def values() -> NDArray[Any]:
            return make({part: self._array(name) for part, name in there.items()})

        return _Matrix(form, shape, values, frozenset({*there.values(), *(dropped & self._weights.entries.keys())}))

    def _words(self, stem: str) -> _Matrix:
        """Read ``qweight``: GPTQ packs the inputs of its matrix, AWQ the outputs."""
        rows, columns = self._shape(f"{stem}.qweight", 2, "I32")
        groups, out = self._shape(f"{stem}.scales", 2, "F16", "BF16", "F32")
        if out == 8 * columns and out != columns:
            if str(self._said.get("version", "gemm")).lower() != "gemm":
                raise self._unread("AWQ", f"version = {self._said['version']}")
            return self._matrix("AWQ", stem, (out, rows), ("qweight", "qzeros", "scales"), dequantise.awq)
        bits, entries = self._said.get("bits"), self._weights.entries
        if f"{stem}.g_idx" in entries:
            (width,) = self._shape(f"{stem}.g_idx", 1, "I32")
            bits = dequantise.WORD * rows // width if width else 0
        if bits not in (2, 3, 4, 8):
            raise self._unread("GPTQ", f"bits = {bits}")
        width, rest = divmod(dequantise.WORD * rows, bits)
        dequantise.require(rest == 0 and out == columns and groups > 0, f"{stem}.qweight")
        offset = 0 if self._said.get("checkpoint_format") == "gptq_v2" else 1
        make = partial(dequantise.gptq, bits=bits, offset=offset)
        return self._matrix("GPTQ", stem, (out, width), ("qweight", "qzeros", "scales", "g_idx"), make)

    def _packed(self, stem: str) -> _Matrix:
        """Read ``weight_packed`` of compressed-tensors: integers of 2 to 8 bits."""
        form = "compressed-tensors"
        if self._weights.entries[f"{stem}.weight_packed"].dtype != "I32":
            raise self._unread(form, f"{stem}.weight_packed")
        out, words = self._shape(f"{stem}.weight_packed", 2, "I32")
        stated = f"{stem}.weight_shape"
        self._shape(stated, 1, "I64", "I32")
        dequantise.require(self._weights.entries[stated].shape == (2,), stated)
        shape = tuple(int(each) for each in self._array(stated))
        dequantise.require(shape[0] == out and 0 < shape[1] <= dequantise.WORD * words, stated)
        bits = next((each for each in range(2, 9) if ceil(shape[1] * each / dequantise.WORD) == words), 0)
        dequantise.require(bits > 0, stated)
        parts = ("weight_packed", "weight_scale", "weight_zero_point", "weight_g_idx")
        return self._matrix(form, stem, shape, parts, partial(dequantise.packed_integers, bits=bits, shape=shape))

    def _scaled(self, stem: str) -> _Matrix:
        """Read a ``weight`` of 8 bits beside its scales."""
        entry = self._weights.entries[f"{stem}.weight"]
        if entry.dtype not in ("F8_E4M3", "F8_E5M2", "I8"):
            raise self._unread("FP8", f"{stem}.weight {entry.dtype}")
        parts = ("weight", "weight_scale", "weight_scale_inv", "weight_zero_point", "weight_g_idx")
        make = partial(dequantise.scaled, block=self._block())
        form = "FP8" if entry.dtype != "I8" else "compressed-tensors"
        return self._matrix(form, stem, entry.shape, parts, make)

    def _block(self) -> tuple[int, int] | None:
        first = next(iter(_table(self._said.get("config_groups")).values()), None)
        inner = _table(_table(first).get("weights")).get("block_structure")
        found: object = self._said.get("weight_block_size") or inner
        match found:
            case [int(rows), int(columns)] if 0 < rows < 1 << 20 and 0 < columns < 1 << 20:
                return rows, columns
            case _:
                return None

    def _eight_bits(self, stem: str) -> _Matrix:
        """Read bitsandbytes' 8 bits."""
        shape = self._shape(f"{stem}.weight", 2, "I8")
        return self._matrix("bitsandbytes, 8 bits", stem, shape, ("weight", "SCB"), dequantise.by_rows)

    def _four_bits(self, stem: str) -> _Matrix:
        """Read bitsandbytes' 4 bits, whose shape is in a small JSON beside them."""
        state = next(f"{stem}{each}" for each in _STATES if f"{stem}{each}" in self._weights.entries)
        dequantise.require(self._weights.entries[state].size <= _STATE_BYTES, state)
        said = _table(decode_json(self._array(state).tobytes().decode()))
        shape = tuple(said["shape"])
        dequantise.require(all(type(each) is int and each >= 0 for each in shape), state)
        entry = self._weights.entries[f"{stem}.weight"]
        dequantise.require(entry.dtype == "U8" and 0 < prod(shape) <= 2 * entry.elements, state)
        nested = None
        if f"{stem}.weight.nested_absmax" in self._weights.entries:
            nested = int(said["nested_blocksize"]), float(said["nested_offset"])
        own = ("weight.absmax", "weight.quant_map", "weight.nested_absmax", "weight.nested_quant_map")

        def make(parts: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
            short = {name.removeprefix("weight."): each for name, each in parts.items()}
            return dequantise.blockwise(short, shape, block=int(said["blocksize"]), nested=nested)

        made = self._matrix("bitsandbytes, 4 bits", stem, shape, ("weight", *own), make)
        return _Matrix(made.form, made.shape, made.values, made.parts | {state})

    def _microscaled(self, stem: str) -> _Matrix:
        """Read MXFP4 of a mixture's experts."""
        blocks, scales = f"{stem}_blocks", f"{stem}_scales"
        shape = self._shape(blocks, 4, "U8")
        dequantise.require(self._weights.entries[scales].shape == shape[:-1], scales)
        made = (shape[0], 2 * shape[2] * shape[3], shape[1])
        values = partial(self._experts, blocks, scales)
        return _Matrix("MXFP4", made, values, frozenset((blocks, scales)))

    def _experts(self, blocks: str, scales: str) -> NDArray[Any]:
        raw = self._weights.read(scales, None).data
        return dequantise.microscaled(self._array(blocks), raw)


_FORMS: Mapping[str, str] = {
    ".qweight": "_words",
    ".weight_packed": "_packed",
    ".SCB": "_eight_bits",
    **dict.fromkeys(_STATES, "_four_bits"),
    "_blocks": "_microscaled",
    ".weight_scale": "_scaled",
    ".weight_scale_inv": "_scaled",
}
