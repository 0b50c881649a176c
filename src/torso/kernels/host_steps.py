"""What stands before and behind a trunk's blocks, as steps from rows to rows by the kernels. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable

from torso import blocks
from torso.host_batch import Rows
from torso.kernels import library as native
from torso.kernels.host_functions import linear, normed
from torso.kernels.library import Library
from torso.kernels.packed_weight import PackedWeight
from torso.kernels.part_weights import PartWeights
from torso.kernels.support import ACTIVATIONS

Step = Callable[[Rows], Rows]


class HostSteps:
    """Makes steps of parts; each row of a result depends on the same row of what is given, and on nothing else.

    Args:
        library: the kernels.
        weights: of the description that the parts are in.

    Attributes:
        packed: packed weights of linear layers, in order; float32.
    """

    def __init__(self, library: Library, weights: PartWeights) -> None:
        self._library, self._weights = library, weights
        self.packed: list[PackedWeight] = []

    def __call__(self, part: blocks.Part | None, act: int = 0) -> Step:
        """Return what a part does to rows [T, D].

        Args:
            part: of a description that the kernels run; None does nothing.
            act: number of an activation behind a linear layer.
        """
        if part is None or isinstance(part, blocks.Identity | blocks.Dropout):
            return _unchanged
        if isinstance(part, blocks.Sequential):
            return _in_turn([self(each) for each in part.items])
        if isinstance(part, blocks.Transform):
            return _in_turn([self(part.parts["dense"], ACTIVATIONS[part.act]), self(part.parts["norm"])])
        library = self._library
        if isinstance(part, blocks.Linear):
            packed = self._weights.linear(part, library, native.FLOAT32)
            self.packed.append(packed)
            return lambda rows: linear(library, rows, packed, act)
        structure = self._weights.norm(part)
        return lambda rows: normed(library, rows, structure)


def _unchanged(rows: Rows) -> Rows:
    return rows


def _in_turn(steps: list[Step]) -> Step:
    def run(rows: Rows) -> Rows:
        for step in steps:
            rows = step(rows)
        return rows

    return run
