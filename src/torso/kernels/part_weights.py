"""The weights of a description's parts, read when they are packed. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels.abi import Norm
from torso.kernels.host_memory import address, contiguous
from torso.kernels.key_value_rows import Numbers
from torso.kernels.library import Form, Library
from torso.kernels.packed_store import FRESH, PackedStore
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.regrouped import regrouped
from torso.weights.gguf_weights import Groups

ReadWeight = Callable[[str], Rows]
"""Returns a weight as float32 by its name in a description; it is called when the weight is needed, and not kept."""


ReadGroupedWeight = Callable[[str], "list[Groups] | None"]
"""Returns a matrix as it is stored in groups of numbers, by its name in a description; None for any other."""


def no_groups(name: str) -> list[Groups] | None:
    """Return None: nothing is stored in groups."""
    return None


class PartWeights:
    """Weights by part, and those that the kernels read where they are.

    Args:
        root: the description whose parts are asked for.
        read: reads a weight by its name in ``root``.
        store: gives packed weights.
        place: begins their names in the store.
        grouped: returns a matrix as it is stored in groups.

    Attributes:
        arrays: the arrays that structures point to; they must outlive the structures.
    """

    def __init__(
        self,
        root: blocks.Part,
        read: ReadWeight,
        store: PackedStore = FRESH,
        place: str = "",
        grouped: ReadGroupedWeight = no_groups,
    ) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._names = {id(part): name for name, part in blocks.walk(root)}
        self._root, self._read = root, read
        self._store, self._place, self._grouped = store, place, grouped

    def name(self, part: blocks.Part) -> str:
        """Return the name of a part in the root; of one that occurs twice, the first."""
        return self._names[id(part)]

    def __call__(self, part: blocks.Part, own: str = "weight") -> Rows | None:
        """Read a weight of a part; None if it has none of that name."""
        if own not in part.tensors:
            return None
        place = self.name(part)
        return contiguous(self._read(f"{place}.{own}" if place else own))

    def packed(self, name: str, library: Library, form: Form, make: Callable[[], PackedWeight]) -> PackedWeight:
        """Return a packed weight of the root, see `PackedStore.packed`; weights for it are read in ``make`` alone."""
        return self._store.packed(f"{self._place}{name}|{form.kind}", library, form, make)

    def linear(self, part: blocks.Part, library: Library, kind: int, group: int = 0) -> PackedWeight:
        """Return a projection with its bias, packed."""

        def make() -> PackedWeight:
            return PackedWeight(library, self.matrix(part), self(part, "bias"), kind, group)

        return self.packed(self.name(part), library, form_of(part, kind, group), make)

    def table(self, part: blocks.Part) -> Numbers:
        """Read a table and hold it: as float32, or as `replace` had it when it was kept."""
        place = self.name(part)
        found: Numbers = self._read(f"{place}.weight" if place else "weight")
        found = found if found.dtype == np.uint16 else contiguous(found)
        self.arrays.append(found)
        return found

    def replace(self, old: Numbers, new: Numbers) -> None:
        """Hold the same numbers in another format in place of an array that is held."""
        self.arrays = [new if each is old else each for each in self.arrays]
        self._store.replace(old, new)

    def within(self, part: blocks.Part, known: Mapping[int, Rows]) -> ReadWeight:
        """Return what reads the weights of a part by their names in it.

        Args:
            part: a part of the root.
            known: weights that were read already, by the identity of their part.
        """
        owners = {f"{name}.{own}" if name else own: each for name, each in blocks.walk(part) for own in each.tensors}

        def read(name: str) -> Rows:
            owner, own = owners[name], name.rpartition(".")[2]
            return known[id(owner)] if id(owner) in known else self._read(f"{self.name(owner)}.{own}")

        return read

    def matrix(self, part: blocks.Part) -> Rows:
        """Read the weight of a projection or a table."""
        found = self(part)
        assert found is not None
        return found

    def regrouped(
        self, part: blocks.Part, library: Library, kind: int, bias: Rows | None, *, swapped: bool = False
    ) -> PackedWeight | None:
        """Pack a matrix of its stored groups, without float32 between; None where they do not fit the kind.

        Args:
            part: a projection, or a table.
            library: the kernels.
            kind: `EIGHT_BIT_GROUPS` or `FOUR_BIT_GROUPS`; no other fits.
            bias: [outputs], or None.
            swapped: whether the halves of its rows change places.
        """
        if kind not in (native.EIGHT_BIT_GROUPS, native.FOUR_BIT_GROUPS):
            return None
        found = self._grouped(f"{self.name(part)}.weight")
        return None if found is None else regrouped(library, found, kind, bias, swapped=swapped)

    def keep(self, array: Rows) -> Rows:
        """Hold an array for as long as this object lives; return it."""
        self.arrays.append(array)
        return array

    def kept(self, part: blocks.Part, own: str = "weight") -> Rows | None:
        """Read a weight of a part and hold it; None if it has none of that name."""
        found = self(part, own)
        return None if found is None else self.keep(found)

    def norm(self, norm: blocks.Part) -> Norm:
        """Build the structure of a norm."""
        if isinstance(norm, blocks.Identity):
            return Norm(native.NO_NORM)
        assert isinstance(norm, blocks.LayerNorm | blocks.RMSNorm)
        weight, bias = self(norm), self.kept(norm, "bias")
        weight = np.ones(norm.width, np.float32) if weight is None else weight
        weight = self.keep(1 + weight if isinstance(norm, blocks.OffsetRMSNorm) else weight)
        kind = native.LAYER_NORM if isinstance(norm, blocks.LayerNorm) else native.RMS_NORM
        return Norm(kind, address(weight), address(bias), norm.eps)


def form_of(part: blocks.Part, kind: int, group: int = 0) -> Form:
    """Return the form of a projection's packed weight."""
    outputs, inputs = part.tensors["weight"].shape
    return Form.of(kind, outputs, inputs, group, biased="bias" in part.tensors)
