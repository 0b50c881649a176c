"""A text as a vector, as a sparse vector, and as several vectors. Loads no torch."""

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseEmbedding(Shown, Measured):
    """A text as a sparse vector over the vocabulary: the entries that are not 0.

    Attributes:
        indices: NumPy array [K] of int64, ids of the vocabulary, ascending.
        values: NumPy array [K] of float32, above 0.
        tokens: the vocabulary's entries of these ids.
        size: entries of the whole vector, V.
        pooling: how it was made: ``max`` or ``sum`` over the text's tokens (SPLADE), or ``lexical`` (BGE-M3).
        prompt: what was put before the text.
        max_tokens: what the model reads of one text; None for no limit.
        extent: how much of the text was read.
    """

    indices: NDArray[Any]
    values: Rows
    tokens: tuple[str, ...]
    size: int
    pooling: str
    prompt: str
    max_tokens: int | None
    extent: Extent

    def __len__(self) -> int:
        """Return how many entries are not 0."""
        return len(self.tokens)

    @property
    def weights(self) -> dict[str, float]:
        """The value of each token, the highest first."""
        pairs = zip(self.tokens, self.values.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the whole vector [V]."""
        import numpy as np

        whole = np.zeros(self.size, np.float32 if dtype is None else dtype)
        whole[self.indices] = self.values
        return whole


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultiVectorEmbedding(Shown, Measured):
    """A text as several vectors, one of each token that is compared (late interaction).

    Attributes:
        vectors: NumPy array [n, D] of float32.
        tokens: the vocabulary's entries of these tokens.
        normalized: whether each vector has length 1.
        query: whether the text was read as a query.
        prompt: what was put before the text.
        max_tokens: what is read of one such text; None for no limit.
        extent: how much of the text was read.
    """

    vectors: Rows
    tokens: tuple[str, ...]
    normalized: bool
    query: bool
    prompt: str
    max_tokens: int | None
    extent: Extent

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self.tokens)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the vectors [n, D]."""
        import numpy as np

        return np.array(self.vectors, dtype=dtype, copy=copy)
