"""A linear layer of the kernels, by itself: for models whose blocks they do not run as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from torso.kernels import library as native
from torso.kernels.buffer_checks import check, done
from torso.kernels.library import Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.packing import GROUP
from torso.kernels.support import ACTIVATIONS
from torso.nn.inference_only import Sealable


class NativeLinear(Sealable):
    """x [T, in] -> [T, out] by the kernels, with the activation behind it: float32 on both sides.

    In eight bits each row has scales of its own, so its result is the same in any company.

    Args:
        library: the kernels.
        linear: what it takes the place of.
        kind: how the weight is kept: `native.FLOAT32`, `native.BFLOAT16` or `native.EIGHT_BITS`.
        act: an activation to compute after it; the kernels do it where they know it.
    """

    sealed = True

    def __init__(self, library: Library, linear: nn.Linear, kind: int, act: Any = None) -> None:
        super().__init__()
        self.library = library
        self.in_features, self.out_features = linear.in_features, linear.out_features
        bias: Tensor | None = getattr(linear, "bias", None)
        self._packed = PackedWeight(library, linear.weight, bias, kind, GROUP)
        self.act = act
        self._number = ACTIVATIONS.index(act) if act in ACTIVATIONS else 0

    def laid_out(self) -> Iterable[Tensor]:
        """The packed weight."""
        return (each for each in self._packed.tensors if each is not None)

    def forward(self, x: Tensor) -> Tensor:
        """x [..., in] -> [..., out] float32."""
        count = x.shape[:-1].numel()
        rows = x.float().reshape(count, x.shape[-1]).contiguous()
        check("x", rows, (None, self.in_features), dtype=torch.float32)
        out = native.room(*x.shape[:-1], self.out_features)
        answer: int = self.library.call.torso_linear(
            native.pointer(self._packed.structure),
            native.address(rows),
            count,
            self._number,
            native.address(out),
            native.threads(),
        )
        done(answer)
        return out if self.act is None or self._number else self.act(out)
