"""What passes through the blocks beside the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from torso.batch import Chosen, Layout

if TYPE_CHECKING:
    from torso.nn.key_value_cache import Step
    from torso.outputs import Hidden


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Where the rows lie, and what a block may need to know of the call.

    Attributes:
        layout: of the rows passing through.
        weights: receives this block's attention weights, one [H, a, b] per sequence, where they were asked for.
        layer: the block's number, from 0.
        step: where keys and values of this call go in the cache, if there is one.
        memory: the encoder's rows, for cross-attention.
        cross_weights: receives the weights of this block's cross-attention, where they were asked for.
        chosen: the rows that leave the block, where not all of them do.
    """

    layout: Layout
    weights: list[Tensor] | None = None
    layer: int = 0
    step: Step | None = None
    memory: Hidden | None = None
    cross_weights: list[Tensor] | None = None
    chosen: Chosen | None = None

    def leaving(self, x: Tensor) -> Tensor:
        """The rows of x [T, ...] that leave the block: all T, or the R chosen ones."""
        return x if self.chosen is None else x[self.chosen.rows]

    @property
    def left(self) -> Layout:
        """Where the rows lie that leave the block."""
        return self.layout if self.chosen is None else self.chosen.layout

    def keys(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """The keys and values [Tk, G, d] that this call's queries attend to, and where they lie."""
        return (k, v, self.layout) if self.step is None else self.step.put(self.layer, k, v)

    def remembered(self, make: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Layout]:
        """Keys and values [Tm, G, d] of the encoder's rows, and where they lie; with a cache they are made once."""
        assert self.memory is not None, "a block with cross-attention runs behind an encoder"
        memory = self.memory
        if self.step is None:
            return (*make(memory.rows), memory.layout)
        return (*self.step.cache.cross(self.layer, lambda: make(memory.rows)), memory.layout)
