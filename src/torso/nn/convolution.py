"""Convolution of rows with their neighbours in the same sequence."""

from __future__ import annotations

from torch import Tensor, nn

from torso.batch import Layout


class SequenceConvolution(nn.Conv1d):
    """One convolution over all sequences, kept apart by rows of zeros: no sequence reaches into the next.

    Args:
        width: D.
        size: rows that a row sees, itself in their middle; odd.
        groups: in how many groups the units are convolved apart.
    """

    def __init__(self, width: int, size: int, *, groups: int = 1) -> None:
        super().__init__(width, width, size, padding=size // 2, groups=groups)

    def forward(self, x: Tensor, layout: Layout) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """x [T, D] -> [T, D]."""
        gap = self.kernel_size[0] // 2
        places = layout.owner() * gap
        places = places + places.new_ones(x.shape[0]).cumsum(0) - 1
        apart = x.new_zeros(x.shape[0] + gap * len(layout.sizes), x.shape[1]).index_copy(0, places, x)
        return super().forward(apart.T[None])[0].T[places]
