"""What `embed` and `encode` give: the vector of a text. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torso.io.shown import Shown
from torso.tasks.extents import Extent, Measured

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from torso.host_batch import Rows


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Embedding(Shown, Measured):
    """A text as a vector, and all that must be equal for two vectors to be comparable.

    Attributes:
        vector: NumPy array [D] of float32.
        pooling: how rows became one, such as ``mean``; joined by ``+`` where several stand side by side.
        normalized: whether its length is 1.
        prompt: what was put before the text.
        max_tokens: what the model reads of one text; None for no limit.
        extent: how much of the text was read.
    """

    vector: Rows
    pooling: str
    normalized: bool
    prompt: str
    max_tokens: int | None
    extent: Extent

    @property
    def tokens(self) -> int:
        """How many tokens were read."""
        return self.extent.read

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the vector, so that ``numpy.array(embeddings)`` is a matrix [N, D]."""
        import numpy as np

        return np.array(self.vector, dtype=dtype, copy=copy)
