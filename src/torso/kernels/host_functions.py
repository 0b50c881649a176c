"""Single kernels as functions of NumPy arrays, for what stands before and behind a trunk's blocks. Loads no torch."""

from __future__ import annotations

from torso.host_batch import Rows
from torso.kernels import host_memory as memory
from torso.kernels import library as native
from torso.kernels.abi import Norm
from torso.kernels.library import Library, check_status
from torso.kernels.packed_weight import PackedWeight


def product(library: Library, rows: Rows, weight: Rows, bias: Rows | None = None) -> Rows:
    """Compute rows [T, inputs] times the transpose of a weight [outputs, inputs] as it is, plus a bias: [T, outputs].

    A row's result is the same to the last bit whatever the other rows.
    """
    outputs, inputs = weight.shape
    rows, weight, out = memory.contiguous(rows), memory.contiguous(weight), memory.empty(len(rows), outputs)
    library.call.torso_product(
        memory.address(rows),
        len(rows),
        memory.address(weight),
        outputs,
        inputs,
        memory.address(bias),
        memory.address(out),
        native.threads(),
    )
    return out


def linear(library: Library, rows: Rows, weight: PackedWeight, activation: int = 0) -> Rows:
    """Compute activate(rows [T, inputs] times a packed weight + bias): [T, outputs]; row by row, as `product`.

    Raises:
        MemoryError: if its workspace could not be allocated.
    """
    rows, out = memory.contiguous(rows), memory.empty(len(rows), weight.structure.outputs)
    check_status(
        library.call.torso_linear(
            native.pointer(weight.structure),
            memory.address(rows),
            len(rows),
            activation,
            memory.address(out),
            native.threads(),
        )
    )
    return out


def normed(library: Library, rows: Rows, norm: Norm) -> Rows:
    """Compute a norm of rows [T, D]."""
    rows, out = memory.contiguous(rows), memory.empty(*rows.shape)
    library.call.torso_add_norm(
        native.pointer(norm), memory.address(rows), None, *rows.shape, memory.address(out), native.threads()
    )
    return out
