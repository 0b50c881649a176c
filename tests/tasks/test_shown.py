"""How results with arrays look in a terminal and in a notebook."""

from __future__ import annotations

import numpy as np

from torso.tasks.embedding import MultiVectorEmbedding, SparseEmbedding
from torso.tasks.extents import Extent

WHOLE = Extent(tokens=9, read=9)


def test_vectors_of_tokens() -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(3, 4)
    made = MultiVectorEmbedding(vectors, ("a", "b", "c"), True, False, "", None, WHOLE)
    assert "vectors=[3, 4]" in repr(made)
    assert "[3, 4]: 0.0000, 1.0000, 2.0000, 3.0000, 4.0000, 5.0000, …" in made._repr_html_()


def test_ids_have_no_decimals() -> None:
    ids, values = np.array([1, 20, 300, 4000]), np.array([0.5, 1, 2, 3], np.float32)
    made = SparseEmbedding(ids, values, ("a", "b", "c", "d"), 5000, "max", "", None, WHOLE)
    assert "indices=[1, 20, 300, … (4)]" in repr(made)
    assert "values=[0.5000, 1.0000, 2.0000, … (4)]" in repr(made)
    assert "[4]: 1, 20, 300, 4000" in made._repr_html_()
