"""Weights packed for the kernels."""

from __future__ import annotations

import torch
from torch import Tensor

from torso.kernels.abi import Matrix
from torso.kernels.library import Form, Library, Status, threads
from torso.kernels.tensor_memory import Tensors, address, held, room


class PackedWeight:
    """A linear layer's weight [outputs, inputs] and bias, packed for the kernels.

    Attributes:
        tensors: the memory that the structure points to; it must outlive the structure.
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

    def __init__(self, library: Library, weight: Tensor, bias: Tensor | None, kind: int, group: int = 0) -> None:
        outputs, inputs = weight.shape
        form = Form.of(kind, outputs, inputs, group, biased=bias is not None)
        size, columns, grouped, _ = form.sizes(library)
        given = held(weight)
        packed = torch.empty(size, dtype=torch.uint8, device="cpu")
        scales, weight_sums = room(2, grouped).zero_().unbind()
        places = (address(packed), address(scales), address(weight_sums))
        if (
            library.call.torso_pack(kind, address(given), outputs, inputs, form.group, *places, threads())
            == Status.NO_MEMORY
        ):
            raise MemoryError("not enough memory to lay a weight out for the kernels")
        padded = None if bias is None else torch.cat([held(bias), room(columns - outputs).zero_()])
        self._point(library, form, (packed, padded, scales, weight_sums))

    @classmethod
    def again(cls, library: Library, form: Form, tensors: Tensors) -> PackedWeight:
        """Create one from the ``tensors`` of an earlier packing.

        Raises:
            ValueError: if they do not have the sizes and dtypes of this form.
        """
        if (tensors[1] is not None) != form.biased:
            raise ValueError("a bias is there and not wanted, or wanted and not there")
        for index, (tensor, size) in enumerate(zip(tensors, form.sizes(library), strict=True)):
            dtype = torch.float32 if index else torch.uint8
            if tensor is not None and (tensor.dtype != dtype or tensor.shape != (size,) or not tensor.is_contiguous()):
                raise ValueError(f"{tensor.dtype} {list(tensor.shape)} in place of {dtype} {[size]}")
        made = cls.__new__(cls)
        made._point(library, form, tensors)
        return made

    def _point(self, library: Library, form: Form, tensors: Tensors) -> None:
        self.panel, self.tensors = library.panel, tensors
        addresses = (address(each) for each in tensors)
        self.structure = Matrix(form.kind, form.outputs, form.inputs, *addresses, form.group)

    @property
    def bytes(self) -> int:
        """Size in memory, in bytes."""
        return sum(each.nbytes for each in self.tensors if each is not None)
