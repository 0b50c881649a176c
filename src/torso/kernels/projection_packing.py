"""Laying a decoder's projections out in the format of its weights, each once. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torso import blocks
from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels.abi import Matrix
from torso.kernels.library import Form, Library
from torso.kernels.mixture_support import Dense
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights, form_of


class ProjectionPacking:
    """Packs projections, and owns the memory of what it packed.

    Args:
        library: the kernels.
        weights: of the model.
        kind: format of the weights, as of `torso.kernels.causal_decoder.CausalDecoder`.

    Attributes:
        kind: the same.
    """

    def __init__(self, library: Library, weights: PartWeights, kind: int) -> None:
        self._library, self._weights, self.kind = library, weights, kind
        self._packed: dict[int | str, PackedWeight] = {}

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Yield everything that was packed, in an order of its own."""
        for each in self._packed.values():
            yield from (array for array in each.arrays if array is not None)

    def feed(self, ffn: Dense, factor: float) -> tuple[Matrix, Matrix]:
        """Pack a feed-forward whose results are multiplied by ``factor``: up, and down."""
        gated = isinstance(ffn, blocks.GatedFeedForward)
        up = self.matrix(ffn.parts["gate_up" if gated else "up"], swapped=gated and ffn.gate_behind)
        return up, self.matrix(ffn.parts["down"], factor=factor)

    def matrix(self, part: blocks.Part | None, *, swapped: bool = False, factor: float = 1.0) -> Matrix:
        """Pack a projection; one that occurs twice is packed once.

        Args:
            part: the projection.
            swapped: whether the halves of its rows change places.
            factor: what it is multiplied by.
        """
        assert part is not None
        return self.weight(part, swapped=swapped, factor=factor).structure

    def weight(self, part: blocks.Part, *, swapped: bool = False, factor: float = 1.0) -> PackedWeight:
        """Pack a projection, see `matrix`."""
        if id(part) not in self._packed:
            form = form_of(part, self.kind)
            self._packed[id(part)] = self._weights.packed(
                self._weights.name(part), self._library, form, lambda: self._of_part(part, swapped, factor)
            )
        return self._packed[id(part)]

    def exact(self, part: blocks.Part | None) -> Matrix:
        """Pack a projection in float32, whatever the format of the others."""
        assert part is not None
        self._packed[id(part)] = made = self._weights.linear(part, self._library, native.FLOAT32)
        return made.structure

    def named(self, name: str, form: Form, make: Callable[[], PackedWeight]) -> Matrix:
        """Pack a matrix that is no part's own, by a name of its own."""
        self._packed[name] = self._weights.packed(name, self._library, form, make)
        return self._packed[name].structure

    def laid_out(self, weight: Rows, bias: Rows | None) -> PackedWeight:
        """Lay a weight [outputs, inputs] out."""
        return PackedWeight(self._library, weight, bias, self.kind)

    def _of_part(self, part: blocks.Part, swapped: bool, factor: float) -> PackedWeight:
        bias = self._weights(part, "bias")
        if swapped:
            bias = None if bias is None else np.roll(bias, len(bias) // 2)
        if factor == 1:
            found = self._weights.regrouped(part, self._library, self.kind, bias, swapped=swapped)
            if found is not None:
                return found
        weight = self._weights.matrix(part)
        weight = np.roll(weight, len(weight) // 2, 0) if swapped else weight
        if factor != 1:
            weight, bias = weight * np.float32(factor), None if bias is None else bias * np.float32(factor)
        return self.laid_out(weight, bias)

    def vocabulary(self, head: blocks.VocabHead, tokens: Rows) -> Matrix:
        """Pack what scores the vocabulary: the head's own matrix, or the table of tokens [V, D]."""
        out = head.parts["out"]
        of = head if out is None else out
        outputs, inputs = tokens.shape if out is None else out.tensors["weight"].shape

        def laid_out() -> PackedWeight:
            biases = [self._weights(of, "bias"), self._weights(head, "offset")]
            there = [each.reshape(-1) for each in biases if each is not None]
            bias: Rows | None = np.stack(there).sum(0) if there else None
            stored = head.tokens if out is None else out
            if stored is not None:
                found = self._weights.regrouped(stored, self._library, self.kind, bias)
                if found is not None:
                    return found
            return self.laid_out(tokens if out is None else self._weights.matrix(out), bias)

        biased = "bias" in of.tensors or "offset" in head.tensors
        form = Form.of(self.kind, outputs, inputs, biased=biased)
        self._packed[id(head)] = self._weights.packed("vocabulary", self._library, form, laid_out)
        return self._packed[id(head)].structure
