"""The state of a forward pass that blocks share: layout, cache, encoder memory, requested attention weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from torso.batch import Layout, PooledRows

if TYPE_CHECKING:
    from torso.nn.key_value_cache import Step
    from torso.nn.key_value_prefix import PrefixedRows
    from torso.outputs import Hidden


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Layout of the rows and the call's state that a block may need.

    Attributes:
        layout: layout of the block's input rows.
        weights: receives this block's attention weights, one [H, a, b] per sequence; None if not requested.
        layer: index of the block, from 0.
        step: this call's slots in the key/value cache, or its rows behind a prefix; None without either.
        memory: the encoder's rows, for cross-attention.
        cross_weights: receives the weights of this block's cross-attention; None if not requested.
        pool: the rows that are needed after this block, one per sequence; None for all T.
    """

    layout: Layout
    weights: list[Tensor] | None = None
    layer: int = 0
    step: Step | PrefixedRows | None = None
    memory: Hidden | None = None
    cross_weights: list[Tensor] | None = None
    pool: PooledRows | None = None

    def pooled(self, x: Tensor) -> Tensor:
        """Select the rows of x [T, ...] that are needed after this block: all T, or the N pooled ones."""
        return x if self.pool is None else x[self.pool.rows]

    @property
    def out_layout(self) -> Layout:
        """Layout of the rows that are needed after this block."""
        return self.layout if self.pool is None else self.pool.layout

    def keys(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """Put keys and values [T, G, d] behind the earlier ones, if any; return all [Tk, G, d] and their layout."""
        return (k, v, self.layout.seen or self.layout) if self.step is None else self.step.put(self.layer, k, v)

    def memory_keys(self, project: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Layout]:
        """Project the encoder's rows to keys and values [Tm, G, d], with their layout; cached if there is a cache."""
        assert self.memory is not None, "a block with cross-attention runs behind an encoder"
        memory = self.memory
        if self.step is None:
            return (*project(memory.rows), memory.layout)
        return (*self.step.cross(self.layer, lambda: project(memory.rows)), memory.layout)
