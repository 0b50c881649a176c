"""What passes through the blocks beside the rows."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from torso.batch import Layout


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Where the rows lie, and what a block may need to know of the call.

    Attributes:
        layout: of the rows passing through.
        weights: receives this block's attention weights, one [H, a, b] per sequence, where they were asked for.
    """

    layout: Layout
    weights: list[Tensor] | None = None

    def keys(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Layout]:
        """The keys and values [Tk, G, d] that this call's queries attend to, and where they lie."""
        return k, v, self.layout
