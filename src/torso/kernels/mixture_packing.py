"""Converting the description of a mixture of experts and its weights to structures of the C interface.

Loads no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import pointer
from functools import cache
from typing import Any

import numpy as np

from torso import blocks
from torso.host_batch import Rows
from torso.kernels.abi import Matrix
from torso.kernels.decoder_abi import Mixture
from torso.kernels.host_memory import address
from torso.kernels.library import Form
from torso.kernels.mixture_support import AnyMixture, Dense
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights
from torso.kernels.projection_packing import ProjectionPacking
from torso.kernels.support import ACTIVATIONS

SOFTMAX, SIGMOID = range(2)


class MixturePacking:
    """Builds C structures of mixtures, and owns them.

    The scores of experts, and the gate of what all rows share, are float32 in every mode: a number rounded there is
    another expert. Each expert is read, laid out and let go of before the next one.

    Args:
        projections: packs them.
        weights: of the model.
    """

    def __init__(self, projections: ProjectionPacking, weights: PartWeights) -> None:
        self._projections, self._weights = projections, weights
        self._keepalive: list[Any] = []

    def __call__(self, ffn: AnyMixture, factor: float) -> Any:
        """Return a pointer to the structure of a mixture whose results are multiplied by ``factor``."""
        router = ffn.router
        grouped = router if isinstance(router, blocks.GroupedRouter) else None
        sigmoid = isinstance(router, blocks.SigmoidRouter)
        correction = self._weights.kept(router, "correction")
        made = Mixture(
            experts=router.experts,
            top=router.top,
            router=self._projections.exact(router.parts["gate"]),
            scoring=SIGMOID if sigmoid else SOFTMAX,
            normalised=router.normalised,
            least=router.least,
            scale=router.scale,
            correction=address(correction),
            groups=1 if grouped is None else grouped.groups,
            kept=1 if grouped is None else grouped.kept,
            best=2 if sigmoid else 1,
        )
        if isinstance(ffn, blocks.StackedMixture):
            self._set_stacked(made, ffn.experts)
        else:
            self._set_experts(made, ffn.experts, factor)
            if isinstance(ffn.shared, blocks.GatedBranch):
                made.shared_gate = self._projections.exact(ffn.shared.parts["gate"])
        self._keepalive.append(made)
        return pointer(made)

    def _set_experts(self, made: Mixture, experts: Sequence[blocks.Part], factor: float) -> None:
        pairs = [self._projections.feed(each, factor) for each in experts if isinstance(each, Dense)]
        first = experts[0]
        assert isinstance(first, Dense)
        made.up, made.down = (self._array(each) for each in zip(*pairs, strict=True))
        made.gated, made.activation = isinstance(first, blocks.GatedFeedForward), ACTIVATIONS[first.act]

    def _set_stacked(self, made: Mixture, experts: blocks.ClampedExperts) -> None:
        made.up = self._array(self._stack(experts, "gate_up"))
        made.down = self._array(self._stack(experts, "down"))
        made.gated, made.limit, made.slope = True, experts.limit, experts.slope

    def _stack(self, experts: blocks.ClampedExperts, own: str) -> list[Matrix]:
        """Pack a tensor [E, inputs, outputs] expert by expert; the columns of gate and up take turns in it."""
        _, inputs, outputs = experts.tensors[own].shape

        @cache
        def stored() -> tuple[Rows, Rows]:
            weight, bias = self._weights(experts, own), self._weights(experts, f"{own}_bias")
            assert weight is not None
            assert bias is not None
            return weight, bias

        def laid_out(index: int) -> PackedWeight:
            weight, bias = (each[index] for each in stored())
            weight = weight.T
            if own == "gate_up":
                weight, bias = (np.concatenate([each[::2], each[1::2]]) for each in (weight, bias))
            return self._projections.laid_out(weight, bias)

        form, place = Form.of(self._projections.kind, outputs, inputs, biased=True), self._weights.name(experts)
        return [
            self._projections.named(f"{place}.{own}.{index}", form, lambda index=index: laid_out(index))
            for index in range(experts.count)
        ]

    def _array(self, matrices: Sequence[Matrix]) -> Any:
        array = (Matrix * len(matrices))(*matrices)
        self._keepalive.append(array)
        return array
