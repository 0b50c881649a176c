"""Linear layer computed by the kernels, for models whose blocks they do not run as a whole."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels import tensor_memory as memory
from torso.kernels.buffer_checks import check
from torso.kernels.library import Library, check_status
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import GROUP
from torso.kernels.support import ACTIVATIONS
from torso.nn.activations import TABLE


class NativeLinear(nn.Module):
    """Linear layer x [T, in] -> [T, out] with a fused activation, computed by the kernels; float32 in and out.

    In eight bits each row has its own scales, so its result does not depend on the rest of the batch.

    Args:
        library: the kernels.
        linear: the layer that it replaces.
        kind: format of the weight: `native.FLOAT32`, `native.BFLOAT16` or `native.EIGHT_BITS`.
        act: an activation to apply after it; fused if the kernels support it.
    """

    def __init__(self, library: Library, linear: nn.Linear, kind: int, act: Any = None) -> None:
        super().__init__()
        self.library = library
        self.in_features, self.out_features = linear.in_features, linear.out_features
        bias: Tensor | None = getattr(linear, "bias", None)
        self._packed = PackedWeight(library, _array(linear.weight), None if bias is None else _array(bias), kind, GROUP)
        self.act = act
        self._number = number_of(act)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [..., in] to [..., out] float32."""
        count = x.shape[:-1].numel()
        rows = x.float().reshape(count, x.shape[-1]).contiguous()
        check("x", rows, (None, self.in_features), dtype=torch.float32)
        out = memory.empty(*x.shape[:-1], self.out_features)
        status: int = self.library.call.torso_linear(
            native.pointer(self._packed.structure),
            memory.address(rows),
            count,
            self._number,
            memory.address(out),
            native.threads(),
        )
        check_status(status)
        return out if self.act is None or self._number else self.act(out)


def _array(tensor: Tensor) -> Rows:
    return tensor.detach().float().numpy()


def number_of(act: Any) -> int:
    """Return the number of an activation's function in the C interface; 0, which is none, for one that it lacks."""
    return next((number for name, number in ACTIVATIONS.items() if TABLE[name] is act), 0)
