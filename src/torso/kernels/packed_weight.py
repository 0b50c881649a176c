"""Weights packed for the kernels. Loads no torch."""

from __future__ import annotations

import numpy as np

from torso.host_batch import Rows
from torso.kernels.abi import Matrix
from torso.kernels.host_memory import Arrays, address, contiguous, empty, empty_bytes
from torso.kernels.library import Form, Library, Status, threads


class PackedWeight:
    """A linear layer's weight [outputs, inputs] and bias, packed for the kernels.

    Attributes:
        arrays: the memory that the structure points to; it must outlive the structure.
        structure: for the C interface.
        panel: panel width of the instruction set that it was packed for.

    Args:
        library: the kernels.
        weight: [outputs, inputs].
        bias: [outputs], or None.
        kind: `FLOAT32`, `BFLOAT16` or `EIGHT_BITS`.
        group: for eight bits, inputs that share a scale; a multiple of 4.

    Raises:
        InputError: ``E_SHAPE``, for a group in eight bits whose sums could overflow.
    """

    def __init__(self, library: Library, weight: Rows, bias: Rows | None, kind: int, group: int = 0) -> None:
        outputs, inputs = weight.shape
        form = Form.of(kind, outputs, inputs, group, biased=bias is not None)
        size, columns, grouped, _ = form.sizes(library)
        given, packed = contiguous(weight), empty_bytes(size)
        scales, weight_sums = empty(grouped), empty(grouped)
        scales[:], weight_sums[:] = 0, 0
        places = (address(packed), address(scales), address(weight_sums))
        if (
            library.call.torso_pack(kind, address(given), outputs, inputs, form.group, *places, threads())
            == Status.NO_MEMORY
        ):
            raise MemoryError("not enough memory to lay a weight out for the kernels")
        padded = None
        if bias is not None:
            padded = empty(columns)
            padded[:outputs], padded[outputs:] = bias, 0
        self._point(library, form, (packed, padded, scales, weight_sums))

    @classmethod
    def again(cls, library: Library, form: Form, arrays: Arrays) -> PackedWeight:
        """Create one from the ``arrays`` of an earlier packing.

        Raises:
            ValueError: if they do not have the sizes and dtypes of this form.
        """
        if (arrays[1] is not None) != form.biased:
            raise ValueError("a bias is there and not wanted, or wanted and not there")
        for index, (array, size) in enumerate(zip(arrays, form.sizes(library), strict=True)):
            dtype = np.float32 if index else np.uint8
            if array is not None and (array.dtype != dtype or array.shape != (size,) or not array.flags.c_contiguous):
                raise ValueError(f"{array.dtype} {list(array.shape)} in place of {np.dtype(dtype)} {[size]}")
        made = cls.__new__(cls)
        made._point(library, form, arrays)
        return made

    def _point(self, library: Library, form: Form, arrays: Arrays) -> None:
        self.panel, self.arrays = library.panel, arrays
        addresses = (address(each) for each in arrays)
        self.structure = Matrix(form.kind, form.outputs, form.inputs, *addresses, form.group)

    @property
    def bytes(self) -> int:
        """Size in memory, in bytes."""
        return sum(each.nbytes for each in self.arrays if each is not None)
