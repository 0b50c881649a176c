"""Tables of embeddings that model2vec stores folded: rows that tokens share, and a factor of each token.

Source: ``StaticEmbedding._fold_model2vec_weights`` of sentence-transformers, and ``StaticModel`` of model2vec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torso.errors import LimitError, WeightsError
from torso.io.paths import shown
from torso.weights.number_bits import NumberBits
from torso.weights.read_tensor import write_computed
from torso.weights.tensor_entry import TensorEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from torso.weights.weights import Weights

TABLE = "embedding.weight"
"""The name of the table in files of sentence-transformers."""
_ROWS, _ROW_OF, _FACTORS = "embeddings", "mapping", "weights"
MOST_NUMBERS = 1 << 30
"""Numbers of a table: a small file can ask for any number of them."""
_WHOLE = ("I8", "U8", "I16", "U16", "I32", "U32", "I64")


def unfolded(weights: Weights) -> Weights:
    """Return weights as they are, or, of a model2vec file, with its table of one row for each token.

    Raises:
        WeightsError: E_SHAPE, for parts that do not fit each other.
    """
    names = weights.entries.keys()
    return weights.through(FoldedTable(weights)) if _ROWS in names and names <= {_ROWS, _ROW_OF, _FACTORS} else weights


class FoldedTable:
    """A model2vec file as a table [V, D] under the name that sentence-transformers gives it.

    The row of a token is ``embeddings[mapping[token]] * weights[token]``, where the file has the two.

    Args:
        weights: the open file.

    Attributes:
        entries: type and shape of the table.
        forms: formats of few bits: none.

    Raises:
        WeightsError: E_SHAPE, for parts that do not fit each other.
        LimitError: E_LIMIT, for more than `MOST_NUMBERS`.
    """

    forms: tuple[str, ...] = ()

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        rows, row_of, factors = (weights.entries.get(name) for name in (_ROWS, _ROW_OF, _FACTORS))
        assert rows is not None
        tokens = rows.shape[0] if row_of is None and rows.shape else row_of.shape[0] if row_of and row_of.shape else 0
        if (
            len(rows.shape) != 2
            or not (rows.is_float or rows.dtype in _WHOLE)
            or (row_of is not None and (len(row_of.shape) != 1 or row_of.dtype not in _WHOLE))
            or (factors is not None and (factors.shape != (tokens,) or not factors.is_float))
        ):
            found = {name: f"{each.dtype} {list(each.shape)}" for name, each in weights.entries.items()}
            raise self._misfit(", ".join(f"{name} {each}" for name, each in found.items()))
        if tokens * rows.shape[1] > MOST_NUMBERS:
            raise LimitError(
                "E_LIMIT",
                "The table of embeddings in {folder} is {tokens} x {width}; torso makes up to {limit} numbers of a "
                "folded one.",
                cure="Check that this is the file you mean.",
                values=dict(
                    folder=shown(weights.folder),
                    tokens=f"{tokens:,}",
                    width=f"{rows.shape[1]:,}",
                    limit=f"{MOST_NUMBERS:,}",
                ),
            )
        self._as_stored = row_of is None and factors is None and rows.is_float
        kind = rows.dtype if self._as_stored else "F32"
        self.entries: Mapping[str, TensorEntry] = {TABLE: TensorEntry(kind, (tokens, rows.shape[1]))}

    def read_into(self, name: str, out: NumberBits, *, allow_nonfinite: bool = False) -> None:
        """Read the table into ``out``; see `torso.weights.weights.Weights.read_into`.

        Raises:
            WeightsError: E_SHAPE, for a token whose row is not there.
        """
        if self._as_stored:
            self._weights.read_into(_ROWS, out, allow_nonfinite=allow_nonfinite)
            return
        path, entry = self._weights.files[0], self.entries[name]
        write_computed(self._values, out, path, entry, name, allow_nonfinite=allow_nonfinite)

    def _values(self) -> NDArray[Any]:
        rows = self._array(_ROWS)
        if _ROW_OF in self._weights.entries:
            row_of = self._array(_ROW_OF)
            if row_of.size and not 0 <= int(row_of.min()) <= int(row_of.max()) < len(rows):
                raise self._misfit(f"{_ROW_OF} {int(row_of.min())} to {int(row_of.max())}, {len(rows)} rows")
            rows = rows[row_of]
        rows = rows.astype("float32", copy=False)
        return rows * self._array(_FACTORS)[:, None] if _FACTORS in self._weights.entries else rows

    def _array(self, name: str) -> NDArray[Any]:
        return self._weights.read(name, "F32" if self._weights.entries[name].is_float else None).data

    def _misfit(self, found: str) -> WeightsError:
        return WeightsError(
            "E_SHAPE",
            "The parts of the table of embeddings in {folder} do not fit each other: {found}.",
            cure="Get the files again, all of one download.",
            values=dict(folder=shown(self._weights.folder), found=shown(found[:200])),
        )
